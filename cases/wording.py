"""Words for what the law stores as codes and numbers: sentences, references, dates and months.

All in the reader's language. Words only: nothing here reads the database or decides.
"""

from __future__ import annotations

import re
from datetime import date

from django.utils.translation import get_language, gettext

from law.decision import Reason, Reference

# fmt: off
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
# fmt: on

YEAR_DIGITS = 4

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)

# A pattern leaves a space after a date as programs write it; after 26日 there is none.
_GAP = re.compile(r"(?<=[年月日]) (?=[\u4e00-\u9fff])")

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_ARTICLE = re.compile(
    r"第(?P<article>[零一二三四五六七八九十百]+)条(?:之(?P<inserted>[一二三四五六七八九十]+))?"
    r"(?:第(?P<paragraph>[一二三四五六七八九十]+)款)?(?:第（(?P<item>[一二三四五六七八九十]+)）项)?"
)


def english() -> bool:
    """Whether the reader reads English."""
    return (get_language() or "").startswith("en")


def date_words(day: date) -> str:
    """2025年9月26日, in English 26 September 2025."""
    if english():
        return f"{day.day} {ENGLISH_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def month_words(month: str) -> str:
    """`YYYY-MM` as 2025年10月, in English October 2025; `YYYY`, what is owed for a whole year, as 2025年."""
    if len(month) == YEAR_DIGITS:
        return month if english() else f"{month}年"
    year, number = int(month[:4]), int(month[5:7])
    return f"{ENGLISH_MONTHS[number - 1]} {year}" if english() else f"{year}年{number}月"


def sentence(reason: Reason) -> str:
    """The translated pattern of a reason with its numbers filled in, they too in the reader's language."""
    filled = {name: _value_words(value) for name, value in reason.numbers.items()}
    return _GAP.sub("", gettext(reason.pattern).format_map(filled))


def _value_words(value: str | int) -> str | int:
    """A date or month in words, a name of the law translated, any other value as it is."""
    if not isinstance(value, str) or not value:
        return value
    if _DAY.fullmatch(value):
        return date_words(date.fromisoformat(value))
    return month_words(value) if _MONTH.fullmatch(value) else gettext(value)


def reference_words(reference: Reference) -> str:
    """Title and article as people say them: 社会保险法 第四十五条第（一）项, Social Insurance Law art. 45(1).

    Letters keep the full title.
    """
    title = gettext(reference.title).removeprefix("中华人民共和国")
    short = title.removesuffix(" of the People's Republic of China")
    return f"{short} {article_words(reference.article)}".rstrip()


def article_words(article: str) -> str:
    """第四十五条第（一）项, in English art. 45(1); what is no numbered article is translated as it stands."""
    if not article:
        return ""
    found = list(_ARTICLE.finditer(article))
    rest = _ARTICLE.sub("", article)
    if not english() or not found or rest.strip("至、和"):
        return gettext(article)
    joined = " to " if "至" in rest else ", "
    numbers = joined.join(_number_of(match) for match in found)
    return f"{'art.' if len(found) == 1 else 'arts.'} {numbers}"


def _number_of(match: re.Match[str]) -> str:
    inserted = f"-{_whole(match['inserted'])}" if match["inserted"] else ""
    paragraph = f", para. {_whole(match['paragraph'])}" if match["paragraph"] else ""
    item = f"({_whole(match['item'])})" if match["item"] else ""
    return f"{_whole(match['article'])}{inserted}{paragraph}{item}"


def _whole(characters: str) -> int:
    """一百零四 -> 104: whole numbers below 1,000, as articles are counted."""
    total, digit = 0, 0
    for character in characters:
        match character:
            case "百":
                total, digit = total + 100 * (digit or 1), 0
            case "十":
                total, digit = total + 10 * (digit or 1), 0
            case _:
                digit = _DIGITS[character]
    return total + digit
