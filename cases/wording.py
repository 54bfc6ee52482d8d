"""A reason's sentence in the reader's language. Words only: nothing here reads the database or decides."""

from django.utils.translation import gettext

from law.decision import Reason


def sentence(reason: Reason) -> str:
    """The translated pattern of a reason with its numbers filled in."""
    return gettext(reason.pattern).format_map(reason.numbers)
