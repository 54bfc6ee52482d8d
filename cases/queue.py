"""The work queue as SQL: one page of open cases, the counts of its tabs, the next case.

A viewer's queue is what is on the own desk plus what nobody holds in the own regions, nearest promise first.
Every part of a query walks one partial index of `cases_case` in order and stops at its limit, so a page costs
the same with ten thousand cases and with a million. Reads only; who may see which page is decided by the
views' actions.
"""

# ruff: noqa: S608 - every value is bound; what is put together are conditions written in this module

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db import connection

from accounts.models import IdentifierKind, User
from accounts.roles import Action, can
from accounts.selectors import identifier_digest, region_prefixes
from cases import kinds
from cases.kinds import Place, WaitsFor
from law.workdays import LEGAL_ZONE

COUNTED_TO = 1_000
"""A count stops here and is shown as 999+."""
CANDIDATES = 40

ALL = "all"
DONE = "done"
STEPS = (WaitsFor.HANDLER, WaitsFor.REVIEWER, WaitsFor.APPLICANT, WaitsFor.OFFICE)

_STEP_CODES = frozenset(step.value for step in STEPS)
_FULL_REGION = 6


@dataclass(frozen=True, order=True)
class Key:
    """The place of a row in the queue's order; its text is the `after` of the next page."""

    due: date
    id: int

    def __str__(self) -> str:
        return f"{self.due:%Y%m%d}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Key | None":
        """The reverse; None for anything else, which then means the first page."""
        found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)-(\d{1,18})", text, re.ASCII)
        if found is None:
            return None
        try:
            return cls(date(int(found[1]), int(found[2]), int(found[3])), int(found[4]))
        except ValueError:
            return None


@dataclass(frozen=True)
class Filters:
    """What narrows a list: kind, result of the checks, deadline (`today`, `overdue`), text."""

    kind: str = ""
    check: str = ""
    due: str = ""
    text: str = ""

    @property
    def active(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.kind or self.check or self.due or self.text)


@dataclass(frozen=True)
class Line:
    """One row of the list as the database gives it."""

    id: int
    number: str
    kind: str
    region: str
    status: str
    waits_for: str
    promise_due: date | None
    statutory_due: date | None
    due_provisional: bool
    paused_at: datetime | None
    opened_at: datetime
    reopened_at: datetime | None
    changed_at: datetime
    closed_at: datetime | None
    sort_on: date
    sort_id: int
    party_name: str
    masked_number: str
    passed: int | None
    failed: int | None
    unknown: int | None
    amount_fen: int | None
    months: int | None
    handler_name: str

    @property
    def clocks_from(self) -> datetime:
        """As of a `Case`."""
        return self.reopened_at or self.opened_at

    @property
    def key(self) -> Key:
        """Where the next page begins after this row."""
        return Key(self.sort_on, self.sort_id)


@dataclass(frozen=True)
class Candidate:
    """A case that could be the viewer's next."""

    case_id: int
    key: Key
    is_mine: bool


class Query:
    """Collects bound values while conditions are put together."""

    def __init__(self, viewer: User) -> None:
        self.values: dict[str, Any] = {}
        self.viewer = viewer
        self.me = self.bind(viewer.pk)

    def bind(self, value: Any) -> str:
        """A placeholder for the value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def regions(self) -> list[str]:
        """One condition for each region of the viewer: a county by equality, a wider region by its
        beginning."""
        prefixes = sorted(set(region_prefixes(self.viewer)))
        widest = [p for p in prefixes if not any(p != q and p.startswith(q) for q in prefixes)]
        return [
            f"c.region = {self.bind(prefix)}"
            if len(prefix) == _FULL_REGION
            else f"c.region LIKE {self.bind(prefix + '%')}"
            for prefix in widest
        ]

    def desk(self, waits_for: WaitsFor) -> list[str]:
        """The parts of a tab: what I hold, and for each region what nobody holds."""
        return self.desk_of(self.bind(waits_for.value))

    def desk_of(self, waits_for: str) -> list[str]:
        """The same for a step that is known by an expression."""
        step = f"c.closed_at IS NULL AND c.waits_for = {waits_for}{self.in_queue()}"
        return [f"{step} AND c.handler_id = {self.me}"] + [
            f"{step} AND c.handler_id IS NULL AND {region}" for region in self.regions()
        ]

    def own_tab(self, kind: str) -> list[str]:
        """The parts of a tab of one kind: what I hold or nobody, in my regions."""
        mine = f"c.closed_at IS NULL AND c.kind = {self.bind(kind)}"
        free = f"(c.handler_id IS NULL OR c.handler_id = {self.me})"
        return [f"{mine} AND {free} AND {region}" for region in self.regions()]

    def everything(self, *, closed_too: bool = False) -> list[str]:
        """The parts of the list of all cases of my regions, whoever holds them."""
        open_only = "" if closed_too else "c.closed_at IS NULL AND "
        return [f"{open_only}{region}{self.in_queue(with_tabs=True)}" for region in self.regions()]

    def in_queue(self, *, with_tabs: bool = False) -> str:
        """Leaves out kinds that have a place of their own."""
        places = {Place.PAGE} if with_tabs else {Place.PAGE, Place.TAB}
        elsewhere = [kind.code for kind in kinds.all_kinds() if kind.place in places]
        return f" AND c.kind <> ALL({self.bind(elsewhere)}::varchar[])" if elsewhere else ""

    def narrowed(self, filters: Filters, today: date) -> str:
        """The conditions of the filters, each beginning with AND."""
        conditions = []
        if filters.kind:
            conditions.append(f"c.kind = {self.bind(filters.kind)}")
        if filters.check:
            conditions.append(f"c.checks = {self.bind(filters.check)}")
        if filters.due == "today":
            conditions.append(f"c.queue_on = {self.bind(today)}")
        if filters.due == "overdue":
            conditions.append(f"c.queue_on < {self.bind(today)}")
        if filters.text:
            conditions.append(self.matching(filters.text))
        return "".join(f" AND {condition}" for condition in conditions)

    def matching(self, text: str) -> str:
        """A case number or its beginning, an identity number or its last four, else a name or its
        beginning."""
        word = text.strip()
        upper = word.upper()
        if re.fullmatch(r"[A-Z]{2,4}\d{8}-\d{4,}", upper, re.ASCII):
            return f"c.number = {self.bind(upper)}"
        if re.fullmatch(r"[A-Z]{2,4}\d[\d-]*", upper, re.ASCII):
            return f"c.number LIKE {self.bind(upper + '%')}"
        if re.fullmatch(r"\d{17}[\dX]", upper, re.ASCII):
            return self._holder(IdentifierKind.CITIZEN_ID, upper)
        if re.fullmatch(r"[0-9A-Z]{18}", upper, re.ASCII):
            return self._holder(IdentifierKind.USCC, upper)
        if re.fullmatch(r"\d{3}[\dX]", upper, re.ASCII):
            return (
                "c.party_id IN (SELECT party_id FROM accounts_identifier "
                f"WHERE valid_to IS NULL AND right(masked, 4) = {self.bind(upper)})"
            )
        beginning = re.sub(r"([\\%_])", r"\\\1", word) + "%"
        return f"c.party_id IN (SELECT id FROM accounts_party WHERE name LIKE {self.bind(beginning)})"

    def _holder(self, kind: IdentifierKind, number: str) -> str:
        digest = self.bind(identifier_digest(kind=kind.value, number=number))
        return (
            "c.party_id IN (SELECT party_id FROM accounts_identifier "
            f"WHERE kind = {self.bind(kind.value)} AND digest = {digest} AND valid_to IS NULL)"
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run it."""
        with connection.cursor() as cursor:
            cursor.execute(sql, self.values)
            return list(cursor.fetchall())


_OF_CASE = (
    "c.id, c.number, c.kind, c.region, c.status, c.waits_for, c.promise_due, c.statutory_due, "
    "c.due_provisional, c.paused_at, c.opened_at, c.reopened_at, c.changed_at, c.closed_at"
)
_COLUMNS = """
    k.id, k.number, k.kind, k.region, k.status, k.waits_for, k.promise_due, k.statutory_due,
    k.due_provisional, k.paused_at, k.opened_at, k.reopened_at, k.changed_at, k.closed_at,
    k.sort_on, k.sort_id,
    coalesce(p.name, ''),
    coalesce((SELECT i.masked FROM accounts_identifier i
              WHERE i.party_id = k.party_id AND i.valid_to IS NULL ORDER BY i.id LIMIT 1), ''),
    d.pass_count, d.fail_count, d.unknown_count, d.amount_fen, d.months,
    coalesce(nullif(u.full_name, ''), u.username, '')
"""
_JOINS = """
    LEFT JOIN accounts_party p ON p.id = k.party_id
    LEFT JOIN cases_determination d ON d.id = k.determination_id
    LEFT JOIN accounts_user u ON u.id = k.handler_id
"""
_LINKS = "c.party_id, c.determination_id, c.handler_id"


def tabs_of(viewer: User) -> list[str]:
    """The codes of the viewer's tabs, in order; the first is where the queue opens."""
    own = [kind.code for kind in kinds.all_kinds() if kind.place is Place.TAB]
    steps = [step.value for step in STEPS]
    if not can(viewer, Action.HANDLE_CASE) and can(viewer, Action.REVIEW_CASE):
        # Their own step first.
        steps = [WaitsFor.REVIEWER.value, *(step for step in steps if step != WaitsFor.REVIEWER.value)]
    if not _steps_of(viewer):
        return [ALL, *steps, *own]
    return [*steps, *own, ALL, DONE]


def _steps_of(viewer: User) -> list[WaitsFor]:
    """The steps the viewer may do."""
    rights = {WaitsFor.HANDLER: Action.HANDLE_CASE, WaitsFor.REVIEWER: Action.REVIEW_CASE}
    return [step for step, right in rights.items() if can(viewer, right)]


def lines(
    viewer: User, *, tab: str, filters: Filters, today: date, after: Key | None = None, limit: int = 25
) -> list[Line]:
    """Up to `limit` rows of a tab after `after`, in one query. An unknown tab is a KeyError: check it
    first."""
    query = Query(viewer)
    if tab == DONE:
        picked = _done(query, filters, today, after, limit)
    else:
        picked = _picked(query, _parts(query, tab, filters), filters, today, after, limit)
    order = "DESC" if tab == DONE else "ASC"
    sql = f"SELECT {_COLUMNS} FROM ({picked}) k {_JOINS} ORDER BY k.sort_on, k.sort_id {order}"
    return [Line(*row) for row in query.rows(sql)]


def _parts(query: Query, tab: str, filters: Filters) -> list[str]:
    if tab == ALL:
        # Who looks for somebody wants the old cases, too.
        return query.everything(closed_too=bool(filters.text))
    if tab in _STEP_CODES:
        return query.desk(WaitsFor(tab))
    if kinds.get(tab).place is Place.TAB:
        return query.own_tab(tab)
    raise KeyError(tab)


def _picked(
    query: Query, parts: Sequence[str], filters: Filters, today: date, after: Key | None, limit: int
) -> str:
    """The keys of a page: each part in its index's order up to the limit, then the nearest of all."""
    narrowed = query.narrowed(filters, today)
    if after is not None:
        narrowed += f" AND (c.queue_on, c.id) > ({query.bind(after.due)}, {query.bind(after.id)})"
    limited = f"ORDER BY c.queue_on, c.id LIMIT {int(limit)}"
    selects = [
        f"(SELECT {_OF_CASE}, {_LINKS}, c.queue_on AS sort_on, c.id AS sort_id FROM cases_case c "
        f"WHERE {part}{narrowed} {limited})"
        for part in parts or ["false"]
    ]
    return f"SELECT * FROM ({' UNION ALL '.join(selects)}) u ORDER BY sort_on, sort_id LIMIT {int(limit)}"


def _done(query: Query, filters: Filters, today: date, after: Key | None, limit: int) -> str:
    """The cases the viewer acted on today, latest act first. Its key is the id of that act."""
    narrowed = query.narrowed(filters, today)
    later = f" HAVING max(e.id) < {query.bind(after.id)}" if after is not None else ""
    return (
        f"SELECT {_OF_CASE}, {_LINKS}, {query.bind(today)}::date AS sort_on, max(e.id) AS sort_id "
        f"FROM cases_event e JOIN cases_case c ON c.id = e.case_id "
        f"WHERE e.actor_id = {query.me} AND e.at >= {query.bind(_start_of(today))}{narrowed} "
        f"GROUP BY c.id{later} ORDER BY sort_id DESC LIMIT {int(limit)}"
    )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, LEGAL_ZONE)


def total(viewer: User, *, tab: str, filters: Filters, today: date) -> int:
    """How many rows a tab has with these filters, counted to the last. KeyError for an unknown tab."""
    query = Query(viewer)
    narrowed = query.narrowed(filters, today)
    if tab == DONE:
        inner = (
            "SELECT DISTINCT e.case_id FROM cases_event e JOIN cases_case c ON c.id = e.case_id "
            f"WHERE e.actor_id = {query.me} AND e.at >= {query.bind(_start_of(today))}{narrowed}"
        )
    else:
        parts = _parts(query, tab, filters) or ["false"]
        inner = " UNION ALL ".join(
            f"(SELECT c.id FROM cases_case c WHERE {part}{narrowed})" for part in parts
        )
    ((found,),) = query.rows(f"SELECT count(*) FROM ({inner}) t")
    return int(found)


def counts(viewer: User, *, today: date) -> dict[str, int]:
    """How many rows each tab has, up to `COUNTED_TO`, in one query; and each kind with its own page.

    `due_today` and `overdue` count the steps the viewer may do.
    """
    query = Query(viewer)
    tabs, steps = tabs_of(viewer), _steps_of(viewer)
    spans = [(tab, tab, date.min, date.max) for tab in tabs if tab in _STEP_CODES]
    for step in steps:
        spans += [
            ("due_today", step.value, today, today),
            ("overdue", step.value, date.min, today - timedelta(days=1)),
        ]
    wanted = [_steps_counted(query, spans), *_pages_counted(query)]
    for tab in tabs:
        if tab == DONE:
            wanted.append(_named(query, tab, _counted_done(query, today)))
        elif tab not in _STEP_CODES:
            wanted.append(_named(query, tab, _counted(_parts(query, tab, Filters()))))
    return _run_counts(query, [*tabs, "due_today", "overdue"], wanted)


def page_counts(viewer: User) -> dict[str, int]:
    """The counts of the navigation alone: `queue` (the steps the viewer may do) and each kind with its own
    page."""
    query = Query(viewer)
    spans = [("queue", step.value, date.min, date.max) for step in _steps_of(viewer)]
    return _run_counts(query, ["queue"], [_steps_counted(query, spans), *_pages_counted(query)])


def own_count(viewer: User, sizes: Mapping[str, int]) -> int:
    """What the navigation counts as the viewer's queue, out of the tabs' sizes."""
    return min(sum(sizes[step.value] for step in _steps_of(viewer)), COUNTED_TO)


def _steps_counted(query: Query, spans: Sequence[tuple[str, str, date, date]]) -> str:
    """For each span (name, step, first and last deadline): what the viewer holds or nobody.

    One part of the statement, run for each span: planning one for each would take longer than counting.
    """
    if not spans:
        return ""
    rows = ", ".join(
        f"({query.bind(name)}, {query.bind(step)}, {query.bind(first)}::date, {query.bind(last)}::date)"
        for name, step, first, last in spans
    )
    parts = [f"{part} AND c.queue_on BETWEEN s.first AND s.last" for part in query.desk_of("s.step")]
    return f"SELECT s.name, n FROM (VALUES {rows}) s (name, step, first, last), LATERAL ({_counted(parts)}) x"


def _pages_counted(query: Query) -> list[str]:
    """For each kind with a page of its own: open ones that wait for a step the viewer may do.

    Each is a part of its own: the kind must stand there for the planner to see how rare it is.
    """
    steps = [step.value for step in _steps_of(query.viewer)]
    if can(query.viewer, Action.APPROVE_POLICY):
        steps.append(WaitsFor.SUPERVISOR.value)
    waits = f"c.waits_for = ANY({query.bind(steps)}::varchar[])"
    counted = []
    for kind in _page_kinds():
        its = f"c.closed_at IS NULL AND c.kind = {query.bind(kind)} AND {waits}"
        parts = [f"{its} AND {region}" for region in query.regions()]
        counted.append(_named(query, kind, _counted(parts)))
    return counted


def _page_kinds() -> list[str]:
    return [kind.code for kind in kinds.all_kinds() if kind.place is Place.PAGE]


def _named(query: Query, name: str, counted: str) -> str:
    return f"SELECT {query.bind(name)}, n FROM ({counted}) x"


def _run_counts(query: Query, names: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    """Each count by its name, 0 where nothing was asked; of the same name, all together."""
    found = dict.fromkeys([*names, *_page_kinds()], 0)
    for name, count in query.rows(" UNION ALL ".join(filter(None, wanted))):
        found[name] = min(found[name] + count, COUNTED_TO)
    return found


def _counted(parts: Sequence[str]) -> str:
    """A count `n` that stops: no part, and not all together, go beyond the limit."""
    if not parts:
        return "SELECT 0 AS n"
    limited = [f"(SELECT FROM cases_case c WHERE {part} LIMIT {COUNTED_TO})" for part in parts]
    return f"SELECT count(*) AS n FROM (SELECT FROM ({' UNION ALL '.join(limited)}) p LIMIT {COUNTED_TO}) t"


def _counted_done(query: Query, today: date) -> str:
    return (
        "SELECT count(*) AS n FROM (SELECT DISTINCT case_id FROM cases_event "
        f"WHERE actor_id = {query.me} AND at >= {query.bind(_start_of(today))} LIMIT {COUNTED_TO}) t"
    )


def next_candidates(
    viewer: User, steps: Sequence[WaitsFor], *, after: Key | None = None, skip: str = ""
) -> list[Candidate]:
    """The nearest cases the viewer could do now, without those that wait for somebody else's eyes."""
    query = Query(viewer)
    parts = [part for step in steps for part in query.desk(step)]
    # Who proposed cannot review.
    unowned = (
        "NOT EXISTS (SELECT FROM cases_proposal o WHERE o.case_id = c.id AND o.decided_at IS NULL "
        f"AND o.proposed_by_id = {query.me} AND c.waits_for = {query.bind(WaitsFor.REVIEWER.value)})"
    )
    others = f" AND c.number <> {query.bind(skip)}" if skip else ""
    picked = _picked(
        query, [f"{part} AND {unowned}{others}" for part in parts], Filters(), date.min, after, CANDIDATES
    )
    sql = f"SELECT k.id, k.sort_on, k.handler_id FROM ({picked}) k"
    return [
        Candidate(case_id, Key(due, case_id), is_mine=handler == viewer.pk)
        for case_id, due, handler in query.rows(sql)
    ]


def runs(candidates: Sequence[Candidate]) -> Iterator[tuple[bool, list[Candidate]]]:
    """Candidates in order, grouped into those on the own desk and those that are free."""
    for is_mine, group in groupby(candidates, key=lambda candidate: candidate.is_mine):
        yield is_mine, list(group)
