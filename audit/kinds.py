"""The kinds of case of this app: their statuses, who each of them waits for, and their verbs.

Data only. The statuses of a finding are those of the field's procedure (domain rule 7.3); HEARD and PROPOSED
stand between INQUIRY and its end because the person is heard first and two officers sign.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.kinds import Kind, WaitsFor, register

HIT = "HIT"
SCREENED = "SCREENED"
FALSE_POSITIVE = "FALSE_POSITIVE"
INQUIRY = "INQUIRY"
HEARD = "HEARD"
PROPOSED = "PROPOSED"
CLEARED = "CLEARED"
CONFIRMED = "CONFIRMED"

FINDING = register(
    Kind(
        code="finding",
        prefix="HC",
        label=_("异地核查"),
        initial=HIT,
        transitions={
            # The machine looks for old data and another person's; it never decides against anybody.
            HIT: frozenset({SCREENED, FALSE_POSITIVE}),
            SCREENED: frozenset({INQUIRY, PROPOSED}),
            INQUIRY: frozenset({HEARD, PROPOSED}),
            HEARD: frozenset({PROPOSED}),
            PROPOSED: frozenset({SCREENED, INQUIRY, HEARD, FALSE_POSITIVE, CLEARED, CONFIRMED}),
            FALSE_POSITIVE: frozenset(),
            CLEARED: frozenset(),
            CONFIRMED: frozenset(),
        },
        waits_for={
            HIT: WaitsFor.MACHINE,
            SCREENED: WaitsFor.HANDLER,
            INQUIRY: WaitsFor.APPLICANT,
            HEARD: WaitsFor.HANDLER,
            PROPOSED: WaitsFor.REVIEWER,
            FALSE_POSITIVE: WaitsFor.NOBODY,
            CLEARED: WaitsFor.NOBODY,
            CONFIRMED: WaitsFor.NOBODY,
        },
        verbs=frozenset(
            {
                "finding.hit",
                "finding.screened",
                "finding.ruled_out",
                "finding.payment_held",
                "finding.notified",
                "finding.replied",
                "finding.reply_recorded",
                "finding.no_reply",
                "finding.agency_asked",
                "finding.agency_reminded",
                "finding.agency_escalated",
                "finding.agency_answered",
                "finding.exclusion_proposed",
                "finding.clearing_proposed",
                "finding.confirmation_proposed",
                "finding.returned",
                "finding.excluded",
                "finding.cleared",
                "finding.confirmed",
            }
        ),
        status_labels={
            HIT: _("命中"),
            SCREENED: _("待筛"),
            INQUIRY: _("询问中"),
            HEARD: _("已听取本人，待核实"),
            PROPOSED: _("等复核"),
            FALSE_POSITIVE: _("已排除"),
            CLEARED: _("查清没有问题"),
            CONFIRMED: _("已确认"),
        },
        verb_labels={
            "finding.hit": _("比对命中"),
            "finding.screened": _("机器初筛，等人看"),
            "finding.ruled_out": _("机器初筛：不说明问题，已排除"),
            "finding.payment_held": _("高风险，暂停下一笔"),
            "finding.notified": _("给本人发询问通知"),
            "finding.replied": _("本人答复"),
            "finding.reply_recorded": _("记录本人答复"),
            "finding.no_reply": _("答复期满，本人没有答复"),
            "finding.agency_asked": _("给对方经办机构发协查函"),
            "finding.agency_reminded": _("协查到期没有答复，催办一次"),
            "finding.agency_escalated": _("催办后仍没有答复，报省里协调"),
            "finding.agency_answered": _("收到协查答复"),
            "finding.exclusion_proposed": _("拟排除，送复核"),
            "finding.clearing_proposed": _("拟查清没有问题，送复核"),
            "finding.confirmation_proposed": _("拟确认属实、停发，送复核"),
            "finding.returned": _("复核退回"),
            "finding.excluded": _("复核签字，已排除"),
            "finding.cleared": _("复核签字，查清没有问题，恢复发放"),
            "finding.confirmed": _("复核签字，确认属实，停发"),
        },
        decided=frozenset({FALSE_POSITIVE, CLEARED, CONFIRMED}),
        max_age={
            HIT: timedelta(hours=1),
            SCREENED: timedelta(days=4),
            INQUIRY: timedelta(days=20),
            HEARD: timedelta(days=14),
            PROPOSED: timedelta(days=4),
        },
    )
)


class Act(models.TextChoices):
    """How a finding ends; each is proposed by one officer and signed by another."""

    EXCLUDE = "EXCLUDE", _("排除：说的不是这个人，或不说明问题")
    CLEAR = "CLEAR", _("查清没有问题：恢复，补发暂停的月份")
    CONFIRM = "CONFIRM", _("属实：停发，算退款")


ACTS: Mapping[str, tuple[Act, ...]] = {
    SCREENED: (Act.EXCLUDE,),
    INQUIRY: (Act.CLEAR,),
    HEARD: (Act.CLEAR, Act.CONFIRM),
}
"""What may be proposed where: nobody is confirmed before the person was heard or had the time for it."""

TAKES_A_REPLY = frozenset({INQUIRY, HEARD, PROPOSED})
"""Where the person may still state and defend."""
