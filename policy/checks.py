"""What a proposed value must be like: a known key, its unit, its shape, and numbers that the rules can read.

A value that passes here and is approved is read by every claim from its start on, so what a rule could not
read, or could not mean, is refused here and not found out with the first case. Reads the law book; never
writes, and never asks who may propose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from law import months, size_class
from law.errors import MissingParameter, Refused
from law.parameters import NATION, REPEALED, Citation, DatedValue, ParameterBook, Value
from law.workdays import Calendar

CALENDAR = re.compile(r"calendar\.(20[0-9]{2})", re.ASCII)
FURTHEST = timedelta(days=3 * 366)
"""No notice comes earlier than this before its first day: a start beyond it is a slip of the pen."""
LONGEST_TEXT = 500

LIMITS: Mapping[str, tuple[int, int]] = {
    "fen": (0, 10_000_000_000_000),
    "bp": (0, 10_000),
    "months": (1, 600),
    "years": (1, 120),
    "days": (1, 3_650),
    "persons": (1, 1_000_000),
    "working_days": (1, 250),
    "hours": (1, 8_760),
    "times": (0, 100),
    "rows": (1, 100_000),
    "day_of_month": (1, 28),
}
"""The least and the most of each unit: outside is a slip of the pen, and some would stop a rule."""

CODES: Mapping[str, tuple[str, ...]] = {
    "benefit.first_month_rule": ("NEXT_MONTH", "SAME_MONTH"),
    "benefit.stop_month_rule": ("NEXT_MONTH", "SAME_MONTH"),
    "benefit.licence_counts": ("YES", "NO", "REVIEW"),
}
"""The codes a rule knows, by key."""

ELIGIBLE = ("Y", "N", "MANUAL")
_COUNT = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_REASON_CODE = re.compile(r"[A-Z][0-9]{2}", re.ASCII)
_REGION = re.compile(r"[0-9]{6}", re.ASCII)
_TIER = re.compile(r"[1-9]", re.ASCII)
_NAMED_YEAR = re.compile(r"(20[0-9]{2})\s*年", re.ASCII)
_RETIREMENT = {"base_years": (40, 70), "step_months": (1, 12), "cap_months": (0, 120)}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A value as it is to be proposed; `value` is text, or lists and tables of text."""

    key: str
    region: str
    start: date
    value: Value
    unit: str
    reference: Citation
    assumption: bool

    @property
    def year(self) -> int | None:
        """The year of a calendar; None for any other value."""
        found = CALENDAR.fullmatch(self.key)
        return int(found[1]) if found else None

    def dated(self) -> DatedValue:
        """As the law book would read it. Raises ValueError for a value that no rule could read."""
        return DatedValue(
            key=self.key,
            region=self.region,
            start=self.start,
            value=self.value,
            unit=self.unit,
            reference=self.reference,
        )


def check(draft: Draft, law_book: ParameterBook, *, today: date) -> None:
    """Raises Refused: `policy.region_unknown`, `policy.key_unknown`, `policy.unit_differs`,
    `policy.start_not_of_year`, `policy.start_too_early`, `policy.start_too_late`,
    `policy.reference_missing`, `policy.notice_of_other_year`, `policy.shape_differs`,
    `policy.not_readable`, `policy.out_of_range`, `policy.code_unknown`, `policy.tier_unknown`,
    `policy.above_ceiling`.
    """
    _check_region(law_book, draft.region)
    model = model_of(law_book, draft.key)
    if model is None:
        raise Refused("policy.key_unknown", key=draft.key)
    if draft.unit != model.unit:
        raise Refused("policy.unit_differs", key=draft.key, unit=model.unit)
    _check_start(law_book, draft, today=today)
    _check_reference(draft)
    if draft.value != REPEALED:
        if not _same_shape(draft.value, model.value):
            raise Refused("policy.shape_differs", key=draft.key)
        _check_leaves(draft)
        _check_meaning(draft, model, law_book)
    _check_readable(draft)


def model_of(law_book: ParameterBook, key: str) -> DatedValue | None:
    """The value that shows unit and shape of `key`; None for a key that no rule reads.

    The calendar of a new year is like the calendars there are.
    """
    is_calendar = CALENDAR.fullmatch(key) is not None
    rows = [row for row in law_book.rows() if row.key == key or (is_calendar and CALENDAR.fullmatch(row.key))]
    return next((row for row in reversed(rows) if not row.repealed), rows[-1]) if rows else None


def _check_region(law_book: ParameterBook, region: str) -> None:
    """The region must lie in the country the book knows: one with values of its own, or a county of such a
    city.
    """
    known = set(law_book.regions())
    if _REGION.fullmatch(region) is None or not (region in known or f"{region[:4]}00" in known):
        raise Refused("policy.region_unknown", region=region)


def _check_start(law_book: ParameterBook, draft: Draft, *, today: date) -> None:
    """Notices are often published after their first day, so a start may lie in the past; but not before the
    first value that the book has, for that would change what held before there was a rule. A calendar
    starts with its year.
    """
    if draft.year is not None and draft.start != date(draft.year, 1, 1):
        raise Refused("policy.start_not_of_year", key=draft.key)
    earliest = min((row.start for row in law_book.rows() if row.key == draft.key), default=date.min)
    if draft.start < earliest or draft.start == date.min:
        raise Refused("policy.start_too_early", key=draft.key, earliest=earliest.isoformat())
    if draft.start > today + FURTHEST:
        raise Refused("policy.start_too_late", key=draft.key)


def _check_reference(draft: Draft) -> None:
    if not draft.reference.title.strip():
        raise Refused("policy.reference_missing")
    named = {int(year) for year in _NAMED_YEAR.findall(draft.reference.title)}
    if draft.year is not None and named and draft.year not in named:
        raise Refused("policy.notice_of_other_year", year=draft.year, named=max(named))


# --- shape ------------------------------------------------------------------------------------------------


def _same_shape(value: Value, model: Value) -> bool:
    """Text for text, a list for a list, a table for a table with at least the entries of the model.

    A table may gain entries (a new county) and never lose one. Each record of a list needs what all
    records of the model have.
    """
    match model, value:
        case str(), str():
            return True
        case dict(), dict():
            any_entry = next(iter(model.values()), "")
            return model.keys() <= value.keys() and all(
                _same_shape(entry, model.get(name, any_entry)) for name, entry in value.items()
            )
        case list(), list():
            return not model or all(_same_shape(entry, _common(model)) for entry in value)
        case _:
            return False


def _common(entries: Sequence[Value]) -> Value:
    """What every entry of a list that is not empty has."""
    first, *others = entries
    if not isinstance(first, dict):
        return first
    return {
        name: value
        for name, value in first.items()
        if all(isinstance(other, dict) and name in other for other in others)
    }


# --- numbers ----------------------------------------------------------------------------------------------


def leaves(value: Value) -> Iterator[str]:
    """Every text in a value."""
    match value:
        case str():
            yield value
        case list():
            for entry in value:
                yield from leaves(entry)
        case dict():
            for entry in value.values():
                yield from leaves(entry)


def _check_leaves(draft: Draft) -> None:
    for leaf in leaves(draft.value):
        if len(leaf) > LONGEST_TEXT or not leaf.isprintable():
            raise Refused("policy.not_readable", key=draft.key)
        if draft.unit in LIMITS:
            _check_within(draft.key, leaf, draft.unit, *LIMITS[draft.unit])


def _check_within(key: str, leaf: str, unit: str, least: int, most: int) -> None:
    if _COUNT.fullmatch(leaf) is None:
        raise Refused("policy.not_readable", key=key)
    if not least <= int(leaf) <= most:
        raise Refused("policy.out_of_range", key=key, unit=unit, least=least, most=most)


# --- meaning ----------------------------------------------------------------------------------------------


def _check_meaning(draft: Draft, model: DatedValue, law_book: ParameterBook) -> None:
    """What unit and shape cannot say of some keys."""
    value = draft.value
    allowed = CODES.get(draft.key)
    if allowed is not None and value not in allowed:
        raise Refused("policy.code_unknown", key=draft.key, allowed="、".join(allowed))
    match value:
        case dict():
            table = {name: entry for name, entry in value.items() if isinstance(entry, str)}
            _check_table(draft, table, law_book)
        case list() if draft.key == "benefit.separation_reasons":
            _check_reasons(draft.key, value, model.value)
        case list() if draft.key == "size_class.lines":
            _check_size_classes(draft.key, value)
        case _:
            pass


def _check_table(draft: Draft, table: Mapping[str, str], law_book: ParameterBook) -> None:
    key = draft.key
    if key == "benefit.steps":
        _check_steps(draft, table, law_book)
    elif key in ("benefit.ceiling", "benefit.standard"):
        _check_counted_names(key, table)
    elif key == "region.tier":
        _check_tiers(draft, table, law_book)
    elif key.startswith("retirement."):
        _check_retirement(key, table)
    elif key.startswith(("region.", "agency.")) and not all(entry.strip() for entry in table.values()):
        raise Refused("policy.not_readable", key=key)
    if key.startswith("region.") and not all(_REGION.fullmatch(name) for name in table):
        raise Refused("policy.not_readable", key=key)


def _check_counted_names(key: str, table: Mapping[str, str]) -> None:
    """Years and tiers count from 1."""
    if not all(_COUNT.fullmatch(name) and 1 <= int(name) <= 100 for name in table):
        raise Refused("policy.not_readable", key=key)


def _check_steps(draft: Draft, table: Mapping[str, str], law_book: ParameterBook) -> None:
    """Full years 1, 2, 3 … without a gap, never fewer months for more years, none above what the law allows
    (Social Insurance Law art. 46).
    """
    _check_counted_names(draft.key, table)
    in_order = sorted(table.items(), key=lambda step: int(step[0]))
    if [int(year) for year, _months in in_order] != list(range(1, len(in_order) + 1)):
        raise Refused("policy.not_readable", key=draft.key)
    try:
        ceiling = law_book.value("benefit.ceiling", region=draft.region, on=draft.start).table()
    except MissingParameter:
        ceiling = {}
    before = 0
    for year, granted in in_order:
        if int(granted) < before:
            raise Refused("policy.not_readable", key=draft.key)
        before = int(granted)
        reached = [int(most) for years, most in ceiling.items() if int(years) <= int(year)]
        if reached and int(granted) > max(reached):
            raise Refused("policy.above_ceiling", key=draft.key, year=year, most=max(reached))


def _check_tiers(draft: Draft, table: Mapping[str, str], law_book: ParameterBook) -> None:
    """Every tier must have a standard, or the people of that county could not be paid."""
    try:
        standards = law_book.value("benefit.standard", region=draft.region, on=draft.start).table()
    except MissingParameter:
        standards = {}
    for tier in table.values():
        if _TIER.fullmatch(tier) is None:
            raise Refused("policy.not_readable", key=draft.key)
        if standards and tier not in standards:
            raise Refused("policy.tier_unknown", key=draft.key, tier=tier)


def _check_retirement(key: str, table: Mapping[str, str]) -> None:
    for name, (least, most) in _RETIREMENT.items():
        _check_within(key, table[name], "table", least, most)
    try:
        months.parse(table["born_from"])
    except ValueError:
        raise Refused("policy.not_readable", key=key) from None


def _check_reasons(key: str, value: Sequence[Value], model: Value) -> None:
    """Codes stand once, none of the known is lost (claims carry them), and each says what a rule can do."""
    codes = [row["code"] for row in value if isinstance(row, dict)]
    known = {row["code"] for row in model if isinstance(row, dict)} if isinstance(model, list) else set()
    if len(set(map(str, codes))) != len(codes) or not set(map(str, known)) <= set(map(str, codes)):
        raise Refused("policy.shape_differs", key=key)
    for row in value:
        sound = (
            isinstance(row, dict)
            and row["eligible"] in ELIGIBLE
            and isinstance(row["code"], str)
            and _REASON_CODE.fullmatch(row["code"]) is not None
            and isinstance(row["name"], str)
            and bool(row["name"].strip())
        )
        if not sound:
            raise Refused("policy.not_readable", key=key)


def _check_size_classes(key: str, value: Sequence[Value]) -> None:
    """The law's own reading: each group once, three falling bounds a measure."""
    try:
        size_class.lines_from(
            {name: str(row[name]) for name in size_class.COLUMNS} for row in value if isinstance(row, dict)
        )
    except ValueError:
        raise Refused("policy.not_readable", key=key) from None


def _check_readable(draft: Draft) -> None:
    """The law's own reading has the last word."""
    try:
        dated = draft.dated()
        if draft.year is not None and not dated.repealed:
            Calendar.from_rows([dated], NATION)
    except (ValueError, TypeError, MissingParameter):
        raise Refused("policy.not_readable", key=draft.key) from None
