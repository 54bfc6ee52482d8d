"""What the policy pages show: the book by topic, the timeline of a key, what a proposal would change.

Reads and words only. Everybody who may see the pages sees the same: numbers of law are nobody's secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import cases.selectors
from accounts.models import User
from accounts.roles import Action, can
from accounts.selectors import covers
from cases.selectors import TrailLine
from law.errors import MissingParameter
from law.parameters import NATION, REPEALED, DatedValue, ParameterBook, Value, lineage
from law.workdays import Calendar, provisional_due
from policy import checks, kinds, wording
from policy.checks import CALENDAR, Draft
from policy.models import PolicyValue
from policy.selectors import book, draft_of, origins, proposal, proposals, proposals_of
from policy.wording import Badge

Origins = Mapping[tuple[str, str, date], PolicyValue]
Label = str | Promise


# --- the book by topic ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One key as it stands in a region on a day; `value` is empty where it has none."""

    key: str
    title: str
    value: str
    start: str
    source: str
    badges: Sequence[Badge]
    notes: Sequence[str]
    is_missing: bool


@dataclass(frozen=True)
class Topic:
    """A heading and its rows."""

    label: Label
    rows: Sequence[Row]


@dataclass(frozen=True)
class Overview:
    """The list of all parameters."""

    topics: Sequence[Topic]
    missing: Sequence[Row]
    waiting: Sequence[Past]
    region_title: str


def region_choices() -> list[tuple[str, str]]:
    """Regions a value may be for, from the nation to the counties."""
    law = book()
    codes = set(law.regions())
    for region in law.regions():
        for row in law.history("region.name", region=region):
            codes.update(row.table())
    in_order = sorted(codes, key=lambda code: (len(code.rstrip("0")) > 4, code))
    return [(code, f"{code} {wording.region_title(code)}") for code in in_order]


def home_region(viewer: User) -> str:
    """The region a viewer works for, and so looks at first."""
    known = [code for code, _label in region_choices()]
    return next((region for region in viewer.regions if region in known), known[-1] if known else NATION)


def overview(*, region: str, on: date, text: str) -> Overview:
    """Every key as it stands in `region` on `on`, those whose name or code holds `text`."""
    law, added = book(), origins()
    waiting = list(proposals().select_related("case"))
    calendars = {f"calendar.{year}" for year in (on.year, on.year + 1)}
    rows = [
        _row(key, law, added, waiting, region=region, on=on) for key in sorted({*law.names(), *calendars})
    ]
    wanted = text.strip().lower()
    shown = [row for row in rows if not wanted or wanted in row.title.lower() or wanted in row.key]
    shown.sort(key=lambda row: (wording.topic_order(row.key), wording.key_order(row.key)))
    return Overview(
        topics=[
            Topic(wording.topic_of(next(iter(members)).key), members)
            for members in (
                list(group) for _order, group in groupby(shown, key=lambda row: wording.topic_order(row.key))
            )
        ],
        missing=[row for row in rows if row.is_missing],
        waiting=[_past(row) for row in waiting],
        region_title=wording.region_title(region),
    )


def _row(
    key: str,
    law: ParameterBook,
    added: Origins,
    waiting: Sequence[PolicyValue],
    *,
    region: str,
    on: date,
) -> Row:
    history = law.history(key, region=region)
    begun = [row for row in history if row.start <= on]
    later = [row for row in history if row.start > on]
    notes = [
        _("%(day)s起：%(value)s")
        % {"day": wording.start_words(row.start), "value": wording.value_words(key, row.unit, row.value)}
        for row in later[:1]
        if not CALENDAR.fullmatch(key)
    ]
    asked = [row for row in waiting if row.key == key and row.region in lineage(region)]
    if asked:
        notes.append(ngettext("%(n)s 项等批准", "%(n)s 项等批准", len(asked)) % {"n": len(asked)})
    # A calendar is looked at before its year begins.
    current = begun[-1] if begun else later[0] if later and CALENDAR.fullmatch(key) else None
    if current is None:
        return Row(key, wording.title(key), "", "", "", (), notes, is_missing=True)
    origin = added.get((current.key, current.region, current.start))
    return Row(
        key=key,
        title=wording.title(key),
        value=wording.value_words(key, current.unit, current.value),
        start=wording.start_words(current.start),
        source=wording.citation_words(current.reference),
        badges=wording.badges(current.reference, assumption=origin is not None and origin.assumption),
        notes=notes,
        is_missing=current.repealed,
    )


# --- one key ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One dated value on the timeline, a short table by its lines. `state` is now, draft or empty."""

    values: Sequence[str]
    start: str
    state: str
    tag: Label
    source: str
    url: str
    badges: Sequence[Badge]
    region: str
    number: str


@dataclass(frozen=True)
class Past:
    """One proposal of a key, whatever became of it."""

    number: str
    title: str
    region: str
    start: str
    value: str
    status: Label
    tone: str
    proposed_by: User
    proposed_at: datetime


@dataclass(frozen=True)
class KeyPage:
    """The dated values of one key in one region."""

    key: str
    title: str
    topic: Label
    region: str
    region_title: str
    steps: Sequence[Step]
    lines: Sequence[tuple[str, str]]
    past: Sequence[Past]
    exists: bool


def key_page(*, key: str, region: str, today: date) -> KeyPage | None:
    """The timeline of a key; None for a key that no rule reads."""
    law = book()
    model = checks.model_of(law, key)
    if model is None:
        return None
    added = origins()
    history = law.history(key, region=region)
    begun = [row for row in history if row.start <= today]
    current = begun[-1] if begun else None
    steps = [_step(row, added, is_current=row is current, today=today) for row in history]
    all_asked = proposals_of(key)
    steps += [_asked_step(row) for row in all_asked if row.is_open and row.region in lineage(region)]
    shown = current or (history[0] if history else None)
    lines = wording.lines(key, shown.unit, shown.value) if shown and not shown.repealed else []
    return KeyPage(
        key=key,
        title=wording.title(key),
        topic=wording.topic_of(key),
        region=region,
        region_title=wording.region_title(region),
        steps=steps,
        lines=lines if len(lines) > 1 else [],
        past=[_past(row) for row in all_asked],
        exists=any(row.key == key for row in law.rows()),
    )


def _values(key: str, unit: str, value: Value) -> list[str]:
    if isinstance(value, dict) and unit != "calendar" and len(value) <= wording.SHORT_TABLE:
        return [f"{label} {words}" for label, words in wording.lines(key, unit, value)]
    return [wording.value_words(key, unit, value)]


def _step(row: DatedValue, added: Origins, *, is_current: bool, today: date) -> Step:
    origin = added.get((row.key, row.region, row.start))
    if is_current:
        state, tag = "now", _("现行")
    else:
        state, tag = ("draft", _("还没到日子")) if row.start > today else ("", "")
    return Step(
        values=_values(row.key, row.unit, row.value),
        start=wording.start_words(row.start),
        state=state,
        tag=tag,
        source=wording.citation_words(row.reference),
        url=row.reference.url,
        badges=wording.badges(row.reference, assumption=origin is not None and origin.assumption),
        region=wording.region_title(row.region),
        number=origin.number if origin else "",
    )


def _asked_step(row: PolicyValue) -> Step:
    return Step(
        values=_values(row.key, row.unit, row.value),
        start=wording.start_words(row.start),
        state="draft",
        tag=_("等批准"),
        source=wording.citation_words(row.citation),
        url=row.citation.url,
        badges=wording.badges(row.citation, assumption=row.assumption),
        region=wording.region_title(row.region),
        number=row.number,
    )


TONES: Mapping[str, str] = {
    kinds.PROPOSED: "warn",
    kinds.APPROVED: "ok",
    kinds.DECLINED: "bad",
    kinds.WITHDRAWN: "idle",
}


def _past(row: PolicyValue) -> Past:
    return Past(
        number=row.number,
        title=wording.title(row.key),
        region=wording.region_title(row.region),
        start=wording.start_words(row.start),
        value=wording.value_words(row.key, row.unit, row.value),
        status=kinds.POLICY.status_labels[row.case.status],
        tone=TONES[row.case.status],
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
    )


# --- what a value would change ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One number before and after; empty where there was, or is to be, none."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Preview:
    """What a value changes, where and from when until when, and what to look at twice."""

    changes: Sequence[Change]
    region: str
    start: str
    until: str
    apart: Sequence[str]
    warnings: Sequence[str]


def preview(draft: Draft, *, today: date) -> Preview:
    """What approving `draft` would change in the book as it is now. The draft has passed the checks."""
    law = book()
    history = law.history(draft.key, region=draft.region)
    begun = [row for row in history if row.start <= draft.start]
    before = begun[-1] if begun else None
    later = [row.start for row in history if row.start > draft.start]
    own = {
        row.region
        for row in law.rows()
        if row.key == draft.key and row.region != draft.region and draft.region in lineage(row.region)
    }
    changes = _calendar_changes(draft, before) if draft.year else _changes(draft, before)
    return Preview(
        changes=changes,
        region=wording.region_title(draft.region),
        start=wording.start_words(draft.start),
        until=wording.start_words(later[0]) if later else "",
        apart=[wording.region_title(region) for region in sorted(own)],
        warnings=[*_warnings(draft, before, changes, today=today), *_calendar_warnings(draft)],
    )


def _changes(draft: Draft, before: DatedValue | None) -> list[Change]:
    old = {} if before is None or before.repealed else _lines_by_label(draft, before.value)
    new = {} if draft.value == REPEALED else _lines_by_label(draft, draft.value)
    title = wording.title(draft.key)
    return [
        Change(label or title, old.get(label, ""), new.get(label, ""))
        for label in dict.fromkeys([*new, *old])
        if old.get(label) != new.get(label)
    ]


def _lines_by_label(draft: Draft, value: Value) -> dict[str, str]:
    return dict(wording.lines(draft.key, draft.unit, value))


def _calendar_changes(draft: Draft, before: DatedValue | None) -> list[Change]:
    """Counts first, then the days themselves."""
    old = None if before is None or before.repealed else before
    words = [
        (
            str(wording.ENTRIES[name]),
            _day_count(old, name) if old else "",
            _day_count(draft.dated(), name),
        )
        for name in ("off", "worked")
    ]
    words.append((_("全年工作日"), _year_count(old) if old else "", _year_count(draft.dated())))
    return [Change(*line) for line in words if line[1] != line[2]]


def _day_count(row: DatedValue, name: str) -> str:
    days = row.codes(name)
    count = ngettext("%(n)s 天", "%(n)s 天", len(days)) % {"n": len(days)}
    listed = _("、").join(f"{int(day[5:7])}-{int(day[8:])}" for day in sorted(days))
    return f"{count}{_('：')}{listed}" if listed else count


def _year_count(row: DatedValue) -> str:
    found = Calendar.from_rows([row])
    year = found.years[0]
    days = sum(found.is_working_day(day) for day in _days_of(year))
    return ngettext("%(n)s 天", "%(n)s 天", days) % {"n": days}


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=offset) for offset in range((date(year + 1, 1, 1) - first).days)]


def _warnings(
    draft: Draft, before: DatedValue | None, changes: Sequence[Change], *, today: date
) -> list[str]:
    found = []
    if draft.assumption:
        found.append(_("这是演示假设，没有文件支持；数值旁边会一直标着。"))
    if draft.value == REPEALED:
        found.append(_("废止之后没有新值：用到这一项的办件会停下来，直到有新的一行。"))
    if before is not None and before.start == draft.start and before.region == draft.region:
        found.append(_("同一天起已经有一行。批准之后，以新的一行为准，旧的一行留在沿革里。"))
    if not changes:
        found.append(_("数值和现在一样，只有依据不同。"))
    if draft.start <= today and not draft.year:
        found.append(_("起始日已经过去。已经作出的决定不变；从批准起，新的核定按新值算。"))
    return found


def _calendar_warnings(draft: Draft) -> list[str]:
    if not draft.year or draft.value == REPEALED:
        return []
    off = set(draft.dated().codes("off"))
    # The law knows the days that never move; here they are found by asking it day after day.
    fixed = [
        day
        for day in _days_of(draft.year)
        if day.weekday() < 5 and provisional_due(day - timedelta(days=1), 1) != day
    ]
    forgotten = _("、").join(f"{day.month}-{day.day}" for day in fixed if day.isoformat() not in off)
    found = []
    if forgotten:
        found.append(
            _("%(days)s 是法定节假日，又是周一到周五，却没有写在休息的日子里。") % {"days": forgotten}
        )
    waiting = cases.selectors.provisional_count()
    if waiting:
        words = ngettext(
            "批准之后，%(n)s 件暂定的期限会重新计算。", "批准之后，%(n)s 件暂定的期限会重新计算。", waiting
        )
        found.append(words % {"n": waiting})
    return found


# --- one proposal -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProposalPage:
    """A proposal as its page shows it."""

    value: PolicyValue
    title: str
    region_title: str
    start: str
    words: str
    lines: Sequence[tuple[str, str]]
    source: str
    badges: Sequence[Badge]
    seen_long: Label
    status_label: Label
    tone: str
    preview: Preview | None
    events: Sequence[TrailLine]
    may_decide: bool
    may_withdraw: bool
    is_mine: bool
    is_elsewhere: bool


def proposal_page(viewer: User, number: str, *, today: date) -> ProposalPage | None:
    """A proposal by its number; None for another."""
    row = proposal(number)
    if row is None:
        return None
    draft = draft_of(row)
    is_mine = row.proposed_by_id == viewer.pk
    mine_to_decide = row.region.endswith("0000") or covers(viewer, row.region)
    lines = [] if row.value == REPEALED else wording.lines(row.key, row.unit, row.value)
    return ProposalPage(
        value=row,
        title=wording.title(row.key),
        region_title=wording.region_title(row.region),
        start=wording.start_words(row.start),
        words=wording.value_words(row.key, row.unit, row.value),
        lines=lines if len(lines) > 1 else [],
        source=wording.citation_words(row.citation),
        badges=wording.badges(row.citation, assumption=row.assumption),
        seen_long=wording.SEEN_LONG[row.citation.seen],
        status_label=kinds.POLICY.status_labels[row.case.status],
        tone=TONES[row.case.status],
        preview=preview(draft, today=today) if row.is_open else None,
        events=_events(row),
        may_decide=row.is_open and can(viewer, Action.APPROVE_POLICY) and not is_mine and mine_to_decide,
        may_withdraw=row.is_open and is_mine and can(viewer, Action.PROPOSE_POLICY),
        is_mine=is_mine,
        is_elsewhere=not mine_to_decide,
    )


def _events(row: PolicyValue) -> list[TrailLine]:
    """The trail, with each supervisor's own words beside the act."""
    remarks = {"policy.proposed": row.reason}
    lines = []
    for line in cases.selectors.timeline(row.case):
        remark = remarks.get(line.verb, row.remark)
        lines.append(replace(line, remark=remark) if remark else line)
    return lines


# --- the form ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EntryStart:
    """What the form of a new value begins with."""

    model: DatedValue
    current: Value | None
    source: DatedValue | None


def entry_start(*, key: str, region: str, today: date) -> EntryStart | None:
    """Shape, unit and present value of a key; None for one that no rule reads.

    The calendar of a new year begins empty: the one before says nothing about it.
    """
    law = book()
    model = checks.model_of(law, key)
    if model is None:
        return None
    try:
        current: DatedValue | None = law.value(key, region=region, on=max(today, _first_day(key)))
    except MissingParameter:
        current = None
    return EntryStart(model, current.value if current else None, current)


def _first_day(key: str) -> date:
    found = CALENDAR.fullmatch(key)
    return date(int(found[1]), 1, 1) if found else date.min


@dataclass(frozen=True)
class Pick:
    """One key that a value can be proposed for."""

    key: str
    title: str
    is_missing: bool


def picks(*, region: str, today: date) -> list[tuple[Label, list[Pick]]]:
    """Every key by topic, to choose one; the calendars of years to come included."""
    found = overview(region=region, on=today, text="")
    return [
        (topic.label, [Pick(row.key, row.title, row.is_missing) for row in topic.rows])
        for topic in found.topics
    ]
