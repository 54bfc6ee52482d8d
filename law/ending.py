"""What each ground does to a running spell: whether it ends or rests, and what becomes of its months.

Social Insurance Law art. 51, Unemployment Regulation art. 15, domain rule 1.9. A table of data, read by
whoever proposes a stop and by the letter that says so; the last payable month is `law.overpayment`'s.
Nothing here decides a case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from law import months, overpayment
from law.decision import Reference
from law.parameters import Parameters

KEYS = overpayment.KEYS


class Effect(StrEnum):
    """END: the spell is over. INTERRUPT: it goes on afterwards. ANNUL: it never was, and consumed nothing."""

    END = "END"
    INTERRUPT = "INTERRUPT"
    ANNUL = "ANNUL"


class Months(StrEnum):
    """What becomes of the months not drawn: KEPT for a later spell, LAPSE, or an officer says (OFFICER)."""

    KEPT = "KEPT"
    LAPSE = "LAPSE"
    OFFICER = "OFFICER"


@dataclass(frozen=True, slots=True)
class Ground:
    """`event`: the event of `law.overpayment` that gives the last payable month; None: the month of the
    written decision is the last. `unregisters`: who is registered as unemployed no longer is.
    """

    event: overpayment.Event | None
    effect: Effect
    months: Months
    unregisters: bool
    reference: Reference


INSURANCE_LAW = "中华人民共和国社会保险法"
REGULATION = "失业保险条例"

REEMPLOYED = Reference(INSURANCE_LAW, "第五十一条第（一）项")
CONSCRIPTED = Reference(INSURANCE_LAW, "第五十一条第（二）项")
EMIGRATED = Reference(INSURANCE_LAW, "第五十一条第（三）项")
PENSION = Reference(INSURANCE_LAW, "第五十一条第（四）项")
JOBS_REFUSED = Reference(INSURANCE_LAW, "第五十一条第（五）项")
IMPRISONED = Reference(REGULATION, "第十五条第（五）项")
DIED = Reference("失业保险金申领发放办法", "第十条")
NEVER_ENTITLED = Reference(INSURANCE_LAW, "第四十五条")
INQUIRY = Reference("社会保险经办条例", "第二十六条")
"""Why payment may rest while something is looked into: whoever pays verifies."""

GROUNDS: Mapping[str, Ground] = {
    "REEMPLOYED": Ground("REEMPLOYED", Effect.END, Months.KEPT, True, REEMPLOYED),
    "CONSCRIPTED": Ground("CONSCRIPTED", Effect.END, Months.KEPT, True, CONSCRIPTED),
    "EMIGRATED": Ground("EMIGRATED", Effect.END, Months.LAPSE, True, EMIGRATED),
    "PENSION": Ground("PENSION", Effect.END, Months.LAPSE, True, PENSION),
    "JOBS_REFUSED": Ground(None, Effect.END, Months.OFFICER, False, JOBS_REFUSED),
    "IMPRISONED": Ground("IMPRISONED", Effect.INTERRUPT, Months.KEPT, False, IMPRISONED),
    "DIED": Ground("DEATH", Effect.END, Months.LAPSE, True, DIED),
    "NEVER_ENTITLED": Ground("NEVER_ENTITLED", Effect.ANNUL, Months.LAPSE, False, NEVER_ENTITLED),
}


def last_payable_month(ground: str, event_on: date, parameters: Parameters) -> str | None:
    """The last month that may be paid on this ground ("YYYY-MM"); None if none ever was due.

    Conscripted on 2025-06-10: 2025-06. A pension paid from 2025-06-01: 2025-05. Work refused, decided on
    2025-06-10: 2025-06.
    """
    event = GROUNDS[ground].event
    if event is None:
        return months.month_of(event_on)
    last = overpayment.last_payable_month(event, event_on, parameters)
    return None if last is None else months.text_of(last)


def resumes_in(*, through: str, ended_on: date) -> str:
    """The month with which an interrupted spell goes on: that of the day on which the cause ended.

    Imprisoned in 2025-06 (the last month paid) and released on 2025-09-20: 2025-09. Never a month before the
    one after the last paid.
    """
    return max(months.shift(through, 1), months.month_of(ended_on))
