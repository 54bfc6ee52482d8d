"""The words for what the audit app's services refuse: what happened, why, and what to do now. Words only."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import cases.refusals
from cases.wording import month_words
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "check.period_far": _("%(month)s 还早，不能现在核查：名单要在发放前不久定。"),
    "check.not_your_region": _("这个地区不归您负责，不能发起核查。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language; those of cases come from there."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return cases.refusals.sentence(refused)
    numbers = dict(refused.numbers)
    match numbers:
        case {"month": str(month)}:
            numbers["month"] = month_words(month)
        case _:
            pass
    return str(pattern) % numbers
