"""The queue's rows as one string: a template would look up some six hundred names for 25 of them.

That was half the time of the page officers open most (`./bench queue`). It must never put in a text that is
not escaped, and never decides anything: what a row says was decided by the selector.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from cases.clocks import Clock
from cases.selectors import Row
from cases.templatetags.anye import count_tag, money_text, short_date, ticks

register = template.Library()


@register.simple_tag
def queue_rows(rows: Iterable[Row]) -> str:
    """The body of the queue's table; the words of its columns are in `cases/_rows.html`."""
    return SafeString("".join(map(_Writer().row, rows)))


class _Writer:
    """Writes rows in the reader's language. What comes again on the page is worked out once."""

    def __init__(self) -> None:
        self.matter = escape(gettext("事项"))
        self.place = escape(gettext("参保地"))
        self.received = escape(gettext("收到"))
        self.promise = escape(gettext("承诺"))
        self.statutory = escape(gettext("法定"))
        self.checks = escape(gettext("核验"))
        self.status = escape(gettext("状态"))
        self.officer = escape(gettext("经办人"))
        self.clocks: dict[Clock, str] = {}
        self.counts: dict[tuple[int, ...], str] = {}

    def row(self, row: Row) -> str:
        """One `<tr>`."""
        case = row.case
        number = escape(case.number)
        statutory = gettext("暂停中") if case.paused_at else short_date(case.statutory_due)
        amount = f'<span class="sub">{escape(money_text(row.amount_fen))}</span>' if row.amount_fen else ""
        return (
            '<tr class="link">\n'
            f'<th scope="row" class="head"><a class="go" href="{escape(row.url)}">'
            f'{escape(row.party_name) or number}</a> <span class="sub code">{number}</span></th>\n'
            f'<td data-label="{self.matter}">{escape(str(row.kind_label))}</td>\n'
            f'<td data-label="{self.place}" class="skip-fold">{escape(row.region_name)}</td>\n'
            f'<td data-label="{self.received}" class="skip-fold">{escape(short_date(case.opened_at))}</td>\n'
            f'<td data-label="{self.promise}">{self.clock(row.promise_clock)}</td>\n'
            f'<td data-label="{self.statutory}" class="skip-fold">{escape(statutory)}</td>\n'
            f'<td data-label="{self.checks}">{self.outcomes(row.passed, row.failed, row.unknown)}</td>\n'
            f'<td data-label="{self.status}"><span>{escape(str(row.status_label))}{amount}</span></td>\n'
            f'<td data-label="{self.officer}">{escape(row.handler_name) or "—"}</td>\n'
            "</tr>\n"
        )

    def clock(self, clock: Clock) -> str:
        drawn = self.clocks.get(clock)
        if drawn is None:
            drawn = self.clocks[clock] = clock_face(clock)
        return drawn

    def outcomes(self, *counts: int) -> str:
        drawn = self.counts.get(counts)
        if drawn is None:
            drawn = self.counts[counts] = outcome_tags(*counts)
        return drawn


@register.simple_tag
def clock_face(clock: Clock | None, label: str = "") -> str:
    """One deadline: its marks, what is left in words, and the day. Nothing without a clock."""
    if not clock:
        return ""
    colon = gettext("：") if label else ""
    small = ""
    if clock.paused:
        small = gettext("等申请人")
    elif clock.date:
        small = short_date(clock.date) + (gettext("（暂定）") if clock.provisional else "")
    return SafeString(
        f'<span class="clock {clock.tone}">{ticks(clock.used, clock.total)}'
        f"<b>{escape(label)}{colon}{escape(str(clock.words))}</b>"
        f"{f'<small>{escape(small)}</small>' if small else ''}</span>"
    )


@register.simple_tag
def outcome_tags(passed: int, failed: int, unknown: int) -> str:
    """How the checks came out: a tag for each outcome that came out at all."""
    tags = (count_tag("OK", passed), count_tag("FAIL", failed), count_tag("OPEN", unknown))
    return SafeString(f'<span class="nb">{" ".join(tags)}</span>')
