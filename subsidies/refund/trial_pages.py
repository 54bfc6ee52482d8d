"""What the page of the trial shows: other numbers as they are typed, and what they would cost. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

import cases.selectors
import policy.selectors
from accounts.models import User
from accounts.roles import Action, can
from law.errors import MissingParameter
from law.parameters import ParameterBook, Value
from law.workdays import legal_day
from subsidies.refund import whatif, words
from subsidies.refund.forms import TrialForm
from subsidies.refund.models import Campaign
from subsidies.refund.words import percent

TRIED: Mapping[str, tuple[str, str]] = {
    "limit_other": ("refund.layoff_limit", "other"),
    "limit_small": ("refund.layoff_limit", "small"),
    "ratio_smaller": ("refund.ratio", "smaller"),
    "ratio_large": ("refund.ratio", "large"),
    "six_smaller": ("refund.six_kinds_ratio", "smaller"),
    "six_large": ("refund.six_kinds_ratio", "large"),
    "uplift_smaller": ("refund.ratio_uplift", "smaller"),
    "uplift_large": ("refund.ratio_uplift", "large"),
}
"""The fields of the trial that are shares, and where each stands in the law book."""


def trial_start(campaign: Campaign) -> dict[str, Any]:
    """The numbers in force of a campaign's year, as the form shows them."""
    law, on = policy.selectors.book(), date(campaign.refund_year, 1, 1)
    found: dict[str, Any] = {}
    for name, (key, item) in TRIED.items():
        row = _in_force(law, key, campaign.region, on)
        found[name] = percent(int(row[item])) if row else ""
    small = law.value("refund.small_persons", region=campaign.region, on=on)
    found["small_persons"] = "" if small.repealed else small.integer()
    return found


def _in_force(law: ParameterBook, key: str, region: str, on: date) -> Mapping[str, str]:
    """A table's row in force; empty where there is none, or where it was repealed."""
    try:
        row = law.value(key, region=region, on=on)
    except MissingParameter:
        return {}
    return {} if row.repealed else row.table()


def trial_page(campaign: Campaign, *, form: TrialForm, viewer: User, now: datetime) -> dict[str, Any]:
    """The form and, where it can be answered, what the numbers would cost and to whom."""
    outcome = None
    if form.is_valid():
        question = _question(campaign, form.cleaned_data)
        try:
            outcome = whatif.answer(question, on=legal_day(now))
        except MissingParameter as missing:
            form.add_error(None, _("还缺 %(key)s，算不了：请把这一年度的数都填上。") % {"key": missing.key})
    return {
        "campaign": campaign,
        "form": form,
        "outcome": outcome,
        "tables": [] if outcome is None else _trial_tables(outcome),
        "may_propose": can(viewer, Action.PROPOSE_POLICY),
        "keys": sorted({key for key, _item in TRIED.values()}),
    }


def _question(campaign: Campaign, given: Mapping[str, Any]) -> whatif.Question:
    """What was typed as other numbers: a table is tried only where all of it is given."""
    values: dict[str, dict[str, str]] = {}
    for name, (key, item) in TRIED.items():
        if given[name]:
            values.setdefault(key, {})[item] = given[name]
    tried: dict[str, Value] = {key: dict(row) for key, row in values.items() if len(row) == PAIR}
    if given["small_persons"]:
        tried["refund.small_persons"] = str(given["small_persons"])
    return whatif.Question(
        refund_year=campaign.refund_year,
        region=campaign.region,
        values=tried,
        industries=given["industries"],
    )


PAIR = 2
"""Every table that is tried has two entries."""


def _trial_tables(outcome: whatif.Outcome) -> list[dict[str, Any]]:
    """The groups by size, kind and district, the largest difference first."""
    named = (
        (_("按划型"), outcome.by_size, lambda key: words.SIZES.get(key, words.SIX_KINDS)),
        (_("按单位类型"), outcome.by_kind, lambda key: words.UNIT_KINDS.get(key, key)),
        (_("按区县"), outcome.by_district, cases.selectors.region_name),
    )
    return [
        {
            "title": title,
            "rows": [
                {"label": label(key), "group": group}
                for key, group in sorted(groups.items(), key=lambda one: -abs(one[1].difference_fen))
            ],
        }
        for title, groups, label in named
    ]
