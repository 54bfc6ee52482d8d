"""All reads of cases: the queue's pages and counts, one case, its trail, its reasons, a party's matters.

Who asks comes first where the answer depends on it. Never writes; that somebody read a file is recorded by
the service of the page that showed it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

from django.urls import get_urlconf, reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.selectors import MACHINE_USERNAME, covers
from cases import kinds, queue
from cases.clocks import Clock, calendar, clock
from cases.kinds import QUIET_VERBS, Kind, Label, WaitsFor
from cases.models import (
    Amendment,
    Attachment,
    Case,
    Checks,
    Determination,
    Event,
    Hold,
    Job,
    Letter,
    Message,
    Proposal,
)
from cases.queue import Filters, Key
from cases.wording import date_words
from law.decision import Reason
from law.parameters import ParameterBook
from law.workdays import Calendar, legal_day

TAB_LABELS: Mapping[str, Label] = {
    WaitsFor.HANDLER.value: gettext_lazy("初审"),
    WaitsFor.REVIEWER.value: gettext_lazy("复核"),
    WaitsFor.APPLICANT.value: gettext_lazy("等申请人"),
    WaitsFor.OFFICE.value: gettext_lazy("等外单位"),
    queue.ALL: gettext_lazy("全部进行中"),
    queue.DONE: gettext_lazy("今天已办"),
}
_ANY_NUMBER = "ANY-NUMBER"
DUE_CHOICES: Mapping[str, Label] = {"today": gettext_lazy("今天"), "overdue": gettext_lazy("已超")}


@dataclass(frozen=True)
class Row:
    """One row of the queue, ready to be shown."""

    case: queue.Line
    party_name: str
    masked_number: str
    kind_label: Label
    region_name: str
    status_label: Label
    passed: int
    failed: int
    unknown: int
    months: int | None
    amount_fen: int | None
    promise_clock: Clock
    statutory_clock: Clock
    handler_name: str
    url: str


@dataclass(frozen=True)
class Page:
    """Up to `limit` rows, and where the next page begins (empty: this was the last)."""

    rows: Sequence[Row]
    next_after: str


def open_cases(
    viewer: User, *, tab: str, filters: Filters, now: datetime, after: str = "", limit: int = 25
) -> Page:
    """A page of one tab of the viewer's queue, nearest promise first. KeyError for an unknown tab."""
    today = legal_day(now)
    found = queue.lines(
        viewer, tab=tab, filters=filters, today=today, after=Key.parse(after), limit=limit + 1
    )
    shown = found[:limit]
    days = calendar()
    shared = _Shared()
    return Page(
        rows=[_row(line, today=today, days=days, shared=shared) for line in shown],
        next_after=str(shown[-1].key) if len(found) > limit else "",
    )


class _Shared:
    """What rows of a page have in common, worked out once for all of them: words, and clocks of the same
    days."""

    def __init__(self) -> None:
        self.clock = cache(clock)
        self.region = cache(region_name)
        self.kind = cache(_kind_words)
        self.status = cache(_status_words)


def _kind_words(code: str) -> str:
    return str(kinds.get(code).label)


def _status_words(code: str, status: str) -> str:
    return str(kinds.get(code).status_labels.get(status, status))


def _row(line: queue.Line, *, today: date, days: Calendar, shared: _Shared) -> Row:
    kind = kinds.get(line.kind)
    promise, statutory = _clocks(line, kind, today=today, days=days, draw=shared.clock)
    return Row(
        case=line,
        party_name=line.party_name,
        masked_number=line.masked_number,
        kind_label=shared.kind(line.kind),
        region_name=shared.region(line.region),
        status_label=shared.status(line.kind, line.status),
        passed=line.passed or 0,
        failed=line.failed or 0,
        unknown=line.unknown or 0,
        months=line.months,
        amount_fen=line.amount_fen,
        promise_clock=promise,
        statutory_clock=statutory,
        handler_name=line.handler_name,
        url=case_url(line.kind, line.number),
    )


def _clocks(
    line: queue.Line | Case, kind: Kind, *, today: date, days: Calendar, draw: Callable[..., Clock] = clock
) -> tuple[Clock, Clock]:
    """Both clocks; they stand still while paused, and for good once the kind says that the matter is
    decided."""
    stopped = line.closed_at or (line.changed_at if line.status in kind.decided else None)
    opened_on = legal_day(line.clocks_from)
    on = today
    if line.paused_at or stopped:
        on = legal_day(line.paused_at or stopped or line.clocks_from)
    promise, statutory = (
        draw(
            due=due,
            opened_on=opened_on,
            total_days=None,
            today=on,
            calendar=days,
            paused=line.paused_at is not None,
            provisional=line.due_provisional,
            done=stopped is not None,
        )
        for due in (line.promise_due, line.statutory_due)
    )
    return promise, statutory


def clocks_of(case: Case, *, now: datetime, days: Calendar | None = None) -> tuple[Clock, Clock]:
    """The promise's and the law's clock of one case."""
    return _clocks(case, kinds.get(case.kind), today=legal_day(now), days=days or calendar())


def counts(viewer: User, *, now: datetime) -> dict[str, int]:
    """The size of each tab, of what is due today and overdue, and of the kinds with a page; each stops at
    1000."""
    return queue.counts(viewer, today=legal_day(now))


def page_counts(viewer: User) -> dict[str, int]:
    """What the navigation counts: `queue`, and each kind that has a page of its own, by its code."""
    return queue.page_counts(viewer)


def shown_count(count: int) -> str:
    """A count as it is shown: 999+ when it stopped."""
    return str(count) if count < queue.COUNTED_TO else f"{queue.COUNTED_TO - 1}+"


def tab_label(tab: str) -> Label:
    """The words of a tab."""
    return TAB_LABELS.get(tab) or kinds.get(tab).label


def kind_choices() -> list[tuple[str, Label]]:
    """The kinds that can be filtered by."""
    return [(kind.code, kind.label) for kind in kinds.all_kinds() if kind.place is not kinds.Place.PAGE]


def check_choices() -> list[tuple[str, Label]]:
    """The results of the checks that can be filtered by."""
    return [(member.value, member.label) for member in (Checks.PASS, Checks.OPEN, Checks.FAIL)]


def case_by_number(viewer: User, number: str) -> Case | None:
    """A case in the viewer's regions by its number, letter case as typed; None for any other."""
    case = (
        Case.objects.select_related("party", "handler", "determination").filter(number=number.upper()).first()
    )
    return case if case is not None and covers(viewer, case.region) else None


def case_url(kind: str, number: str) -> str:
    """The address of a case's own page."""
    return _pattern_of(kind, get_urlconf()).replace(_ANY_NUMBER, number)


@lru_cache(maxsize=64)
def _pattern_of(kind: str, _urlconf: str | None) -> str:
    """The address with a stand-in for the number: a list would else search the tree of addresses for each
    row.
    """
    return reverse(f"case-{kind}", args=[_ANY_NUMBER])


@lru_cache(maxsize=1)
def _region_names() -> Mapping[str, str]:
    book = ParameterBook.shipped()
    rows = [row for region in book.regions() for row in book.history("region.name", region=region)]
    return {code: name for row in rows for code, name in row.table().items()}


def region_name(code: str) -> str:
    """The name of a county; its code where the law has no name for it."""
    name = _region_names().get(code)
    return gettext(name) if name else code


# --- one case ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrailLine:
    """One act on a case as its page shows it. `remark` holds an officer's own words, kept beside the
    trail."""

    at: datetime
    actor_name: str
    verb: str
    verb_label: Label
    tone: str
    detail: str
    remark: str


def timeline(case: Case) -> list[TrailLine]:
    """What happened to a case, newest first, without the events that only repeat another in the machine's
    words."""
    kind = kinds.get(case.kind)
    events = Event.objects.filter(case=case).exclude(verb__in=QUIET_VERBS).select_related("actor")
    found = list(events.order_by("-sequence"))
    remarks = _remarks(case, found)
    names = _names_of_reassigned(found)
    lines = []
    for event in found:
        remark = remarks.pop((event.actor_id, event.at), "")
        lines.append(
            TrailLine(
                at=event.at,
                actor_name=_actor_name(event.actor),
                verb=event.verb,
                verb_label=kind.verb_label(event.verb),
                tone="warn" if remark else "",
                detail=_detail(event, names),
                remark=remark,
            )
        )
    return lines


def _actor_name(actor: User) -> str:
    """A person's own name as it is; the machine's in the reader's language."""
    return _("系统") if actor.username == MACHINE_USERNAME else str(actor)


def _remarks(case: Case, events: Sequence[Event]) -> dict[tuple[int, datetime], str]:
    """Officers' own words by who and when: the act they belong to was recorded in the same service call."""
    found: dict[tuple[int, datetime], str] = {}
    if any(event.verb == "case.held" for event in events):
        found |= {(hold.actor_id, hold.at): hold.reason for hold in Hold.objects.filter(case=case)}
    for amendment in Amendment.objects.filter(case=case):
        found[amendment.actor_id, amendment.at] = amendment.reason
    for proposal in Proposal.objects.filter(case=case):
        found[proposal.proposed_by_id, proposal.proposed_at] = proposal.reason
        if proposal.decided_by_id is not None and proposal.decided_at is not None:
            found[proposal.decided_by_id, proposal.decided_at] = proposal.remark
    return found


def _names_of_reassigned(events: Sequence[Event]) -> Mapping[int | None, str]:
    """The officers between whom a case went, by their keys; asked only where one did."""
    moves = [event.payload for event in events if event.verb == "case.reassigned"]
    keys = {move[end] for move in moves for end in ("from", "to")} - {None}
    if not keys:
        return {}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=keys)}


def _detail(event: Event, names: Mapping[int | None, str]) -> str:
    if event.verb == "case.reassigned":
        pool = _("待办池")
        ends = {end: names.get(event.payload[end], pool) for end in ("from", "to")}
        return _("%(from)s → %(to)s") % ends
    if event.verb == "case.held":
        return _("等到 %(day)s") % {"day": date_words(date.fromisoformat(event.payload["until"]))}
    if event.verb == "deadline.recomputed":
        return _recomputed(event)
    if event.verb == "clock.resumed" and event.payload.get("promise_due"):
        due = date.fromisoformat(event.payload["promise_due"])
        return _("承诺期限顺延到 %(due)s") % {"due": date_words(due)}
    return ""


def _recomputed(event: Event) -> str:
    """Both dates as they were and as they are, where they differ."""
    lines = []
    for name, words in (
        ("promise_due", _("承诺期限 %(before)s → %(after)s")),
        ("statutory_due", _("法定期限 %(before)s → %(after)s")),
    ):
        before, after = event.payload["before"][name], event.payload[name]
        if before != after:
            dates = {"before": before, "after": after}
            lines.append(words % {key: date_words(date.fromisoformat(day)) for key, day in dates.items()})
    return _("；").join(lines) or _("日期没有变，不再是暂定")


def determination_reasons(determination: Determination) -> list[Reason]:
    """The reasons of a stored determination, in the order of the articles."""
    return [Reason.from_json(reason) for reason in determination.decision["reasons"]]


def open_proposal(case: Case) -> Proposal | None:
    """The proposal that waits for a second officer, if any."""
    return Proposal.objects.select_related("proposed_by").filter(case=case, decided_at__isnull=True).first()


def provisional_count() -> int:
    """How many cases have a deadline that waits for a year's calendar."""
    return Case.objects.filter(due_provisional=True).count()


def of_party(party: Party) -> list[Case]:
    """All matters of a party, newest first."""
    return list(
        Case.objects.filter(party=party).select_related("determination").order_by("-opened_at", "-pk")
    )


def messages_of(party: Party, *, limit: int = 30) -> list[Message]:
    """A party's inbox, newest first."""
    return list(
        Message.objects.filter(party=party).select_related("case").order_by("-created_at", "-pk")[:limit]
    )


# --- papers and letters -----------------------------------------------------------------------------------


def attachments_of(case: Case) -> list[Attachment]:
    """The papers of a case, oldest first, without their content."""
    found = Attachment.objects.filter(case=case).defer("content").select_related("uploaded_by")
    return list(found.order_by("pk"))


def attachment(case: Case, key: int) -> Attachment | None:
    """One paper of a case, with its content."""
    return Attachment.objects.filter(case=case, pk=key).first()


def letters_of(case: Case) -> list[Letter]:
    """The letters of a case, newest first, without their words."""
    return list(Letter.objects.filter(case=case).defer("words").order_by("-pk"))


def letters_of_cases(cases: Sequence[int]) -> dict[int, list[Letter]]:
    """The letters of many cases at once, newest first, without their words."""
    found: dict[int, list[Letter]] = {}
    for letter in Letter.objects.filter(case__in=cases).defer("words").order_by("-pk"):
        found.setdefault(letter.case_id, []).append(letter)
    return found


def letter(case: Case, key: int) -> Letter | None:
    """One letter of a case."""
    return Letter.objects.select_related("case").filter(case=case, pk=key).first()


def cannot_be_drawn(letter: Letter) -> bool:
    """Whether the font was found to lack a character of this letter, so that its page is printed instead."""
    noted = Event.objects.filter(case_id=letter.case_id, verb="letter.not_drawn", payload__letter=letter.pk)
    return not hasattr(letter, "file") and noted.exists()


# --- long work --------------------------------------------------------------------------------------------


def job_of(viewer: User, key: int, *, with_content: bool = False) -> Job | None:
    """A job that the viewer asked for, without its result unless that is wanted."""
    rows = Job.objects.filter(pk=key, asked_by=viewer)
    return (rows if with_content else rows.defer("content", "parameters")).first()
