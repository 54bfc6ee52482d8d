"""The words of messages: one template a code, filled with numbers when a message is read or sent.

Templates are registered by the apps that send them. They say what happened and what to do now; a template
never holds a place for a personal number, and `check_numbers` refuses values that look like one.
"""

import re
from collections.abc import Mapping
from datetime import date
from string import Formatter
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from cases.models import Message
from cases.wording import date_words, month_words
from law.money import Fen, yuan_grouped

Text = str | Promise

# Fifteen digits or more in a row are an account or an identity number, never an amount or a case number.
_PERSONAL = re.compile(r"\d{15}|\d{17}[\dXx]|1[3-9]\d{9}")

CASE_NUMBER = "number"
"""The place of a link: the number of the case it leads to."""

_templates: dict[str, Text] = {}


class PersonalNumber(Exception):
    """A message was to carry what looks like a personal number. The message does not repeat it."""


def register(code: str, text: Text) -> None:
    """Make a template known: a lazily translated pattern with `{name}` or `{name:kind}` places.

    Kinds: `money` (integer fen), `date` (ISO date), `month` (`YYYY-MM`), `link` (a case number: the address
    of the person's own page of it); none means as it is.
    """
    _templates[code] = text


def registered() -> tuple[str, ...]:
    """The codes of all templates."""
    return tuple(_templates)


def render(message: Message, language: str | None = None) -> str:
    """The words of a message, in `language` or the reader's own. KeyError for an unknown template: a bug."""
    if language is None:
        return fill(message.template, message.numbers)
    with override(language):
        return fill(message.template, message.numbers)


def fill(code: str, numbers: Mapping[str, str | int]) -> str:
    """A template in the active language with its places filled. KeyError if it or a number is missing."""
    return _Filler().vformat(str(_templates[code]), (), numbers)


def check_numbers(numbers: Mapping[str, str | int]) -> None:
    """Raises `PersonalNumber` if a value looks like an identity, account or mobile number."""
    for name, value in numbers.items():
        if _PERSONAL.search(str(value)):
            raise PersonalNumber(f"number {name!r} of a message looks personal")


class _Filler(Formatter):
    """Fills places, writing money and dates as the active language does. Reaches no attribute or item."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        if field_name == CASE_NUMBER:
            # A message written before it had a link leads to all of one's matters.
            return kwargs.get(field_name, ""), field_name
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "money":
                return _money(int(value))
            case "date":
                return date_words(date.fromisoformat(value))
            case "month":
                return month_words(value)
            case "link":
                return _link(value)
            case _:
                return str(value)


def _link(number: str) -> str:
    """The address of the person's own page of a case: after signing in, what is to be done stands there."""
    page = reverse("claim", kwargs={"number": number}) if number else reverse("my")
    return f"{settings.ANYE_BASE_URL}{page}"


def _money(fen: int) -> str:
    return f"{yuan_grouped(Fen(fen))} {_('元')}"
