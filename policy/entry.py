"""How people write a value, and back: yuan, per cent, lines of days and records, as text that the rules read.

Cleaning only: what is written is read to the letter or refused with words that say which piece is wrong and
what to write instead. Whether the rules can mean it is `policy.checks`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from django.forms import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from law.money import Fen, parse_yuan, yuan
from law.parameters import Value
from policy.wording import percent

_COUNT = re.compile(r"[0-9]{1,15}", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?\s*%?", re.ASCII)
_DAY = re.compile(
    r"(?:(?P<year>[0-9]{4})\s*[-年/.]\s*)?(?P<month>[0-9]{1,2})\s*[-月/.]\s*(?P<day>[0-9]{1,2})\s*日?",
    re.ASCII,
)
_BETWEEN = re.compile(r"\s*(?:至|到|~|～|—)\s*")
_PARTS = re.compile(r"[\s,，、;；]+")
_WEEKDAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
MOST_DAYS = 120


# --- one number -------------------------------------------------------------------------------------------


def leaf_from(text: str, unit: str) -> str:
    """What the rules read, from what a person writes. Raises ValidationError."""
    written = text.strip()
    match unit:
        case "fen":
            try:
                return str(parse_yuan(written))
            except ValueError:
                raise ValidationError(
                    _("这不是一个金额：请输入数字，小数最多两位，例如 1,980.00。")
                ) from None
        case "bp":
            found = _PERCENT.fullmatch(written)
            if found is None:
                raise ValidationError(_("这不是一个百分数：请输入数字，小数最多两位，例如 5.5。"))
            return str(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))
        case "code" | "flag" | "table":
            return written
        case _:
            if _COUNT.fullmatch(written) is None:
                raise ValidationError(_("这里只写一个整数，不写小数和单位。"))
            return str(int(written))


def text_of(leaf: str, unit: str) -> str:
    """What a person would write for a number that the rules read."""
    if not leaf.isdecimal():
        return leaf
    match unit:
        case "fen":
            return yuan(Fen(int(leaf)))
        case "bp":
            return percent(int(leaf))
        case _:
            return leaf


# --- tables and records -----------------------------------------------------------------------------------


def entries_from(text: str, unit: str, known: Iterable[str]) -> dict[str, Value]:
    """New entries of a table, one a line, `130199 = 2`. Raises ValidationError."""
    taken = set(known)
    entries: dict[str, Value] = {}
    for number, line in _lines(text):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or not name or not value:
            raise ValidationError(_("第 %(line)s 行要写成“名称 = 值”。") % {"line": number})
        if name in taken or name in entries:
            raise ValidationError(
                _("第 %(line)s 行的 %(name)s 上面已经有了。") % {"line": number, "name": name}
            )
        entries[name] = leaf_from(value, unit)
    return entries


def records_from(text: str, columns: Sequence[str], optional: Sequence[str]) -> list[Value]:
    """A list of records, one a line, its parts separated by `|`. Raises ValidationError."""
    records: list[Value] = []
    for number, line in _lines(text):
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        if not len(columns) <= len(parts) <= len(columns) + len(optional):
            words = _("第 %(line)s 行有 %(found)s 格，应当有 %(wanted)s 格，用 | 隔开。")
            raise ValidationError(words % {"line": number, "found": len(parts), "wanted": len(columns)})
        row: dict[str, Value] = dict(zip((*columns, *optional), parts, strict=False))
        records.append({name: part for name, part in row.items() if part or name in columns})
    if not records:
        raise ValidationError(_("一行也没有写。"))
    return records


def records_text(records: Sequence[Value], columns: Sequence[str]) -> str:
    """The same back as lines."""
    lines = []
    for row in records:
        assert isinstance(row, dict)
        parts = [str(row.get(name, "")) for name in columns]
        while len(parts) > 1 and not parts[-1] and columns[len(parts) - 1] not in row:
            parts.pop()
        lines.append(" | ".join(parts))
    return "\n".join(lines)


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that say something, by the number people count them with."""
    return [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


# --- days of a calendar -----------------------------------------------------------------------------------


def days_from(text: str, year: int, *, worked: bool) -> list[Value]:
    """Days of `year`: `2027-01-01`, `1月1日`, `2027-02-08 至 2027-02-12`, apart by commas, blanks or lines.

    Days off are weekdays (in a range the weekends are passed over), days worked are Saturdays and Sundays.
    Raises ValidationError with one sentence for each piece that is wrong.
    """
    faults: list[str] = []
    found: dict[date, None] = {}
    for piece in filter(None, _PARTS.split(_BETWEEN.sub("~", text))):
        try:
            days = _span(piece, year)
        except ValueError as fault:
            faults.append(str(fault))
            continue
        for day in days:
            wrong = _wrong_day(day, worked=worked, alone=len(days) == 1)
            if wrong:
                faults.append(wrong)
            elif is_weekend(day) == worked:
                found[day] = None
    if len(found) > MOST_DAYS:
        faults.append(_("写了 %(n)s 天，一年没有这么多。") % {"n": len(found)})
    if faults:
        raise ValidationError(faults[:10])
    return [day.isoformat() for day in sorted(found)]


def _span(piece: str, year: int) -> list[date]:
    """The days of a piece. Raises ValueError with its sentence."""
    first, sign, last = piece.partition("~")
    begin = _day(first, year, piece)
    end = _day(last, year, piece) if sign else begin
    if end < begin:
        raise ValueError(_("“%(piece)s”的后一天比前一天早。") % {"piece": piece})
    return [begin + timedelta(days=offset) for offset in range((end - begin).days + 1)]


def _day(text: str, year: int, piece: str) -> date:
    found = _DAY.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        day = date(int(found["year"] or year), int(found["month"]), int(found["day"]))
    except ValueError:
        raise ValueError(
            _("“%(piece)s”不是一个日期，请写成 %(year)s-01-01 或 1月1日 这样。")
            % {"piece": piece[:40], "year": year}
        ) from None
    if day.year != year:
        raise ValueError(
            _("“%(piece)s”不在 %(year)s 年里，请核对通知的年份。") % {"piece": piece, "year": year}
        )
    return day


def _wrong_day(day: date, *, worked: bool, alone: bool) -> str:
    words = {"day": day.isoformat(), "weekday": weekday_words(day)}
    if worked and not is_weekend(day):
        return _("%(day)s 是%(weekday)s，本来就上班，不写在这里。") % words
    if not worked and is_weekend(day) and alone:
        return _("%(day)s 是%(weekday)s，本来就休息，不写在这里。") % words
    return ""


def is_weekend(day: date) -> bool:
    """Saturday or Sunday."""
    return day.weekday() > 4


def weekday_words(day: date) -> str:
    """周一, Monday."""
    return str(_WEEKDAYS[day.weekday()])


def days_text(days: Sequence[str]) -> str:
    """Days as they are shown in the form: five a line."""
    rows = [days[start : start + 5] for start in range(0, len(days), 5)]
    return "\n".join(_("、").join(row) for row in rows)
