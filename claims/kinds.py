"""The claim as a kind of case, the request for a person to look at one, and the month: their statuses, who
each of them waits for, and their verbs.

Data only. Status names and arrows are those of the field's procedure (application, automatic
check, first and second signature, payment); nothing here decides anything.
"""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from cases.kinds import Kind, Place, WaitsFor, register

SUBMITTED = "SUBMITTED"
AUTO_CHECK = "AUTO_CHECK"
REVIEW1 = "REVIEW1"
REVIEW2 = "REVIEW2"
SUPPLEMENT = "SUPPLEMENT"
APPROVED = "APPROVED"
PAYING = "PAYING"
SUSPENDED = "SUSPENDED"
STOP_REVIEW = "STOP_REVIEW"
INTERRUPTED = "INTERRUPTED"
ENDED = "ENDED"
ANNULLED = "ANNULLED"
REJECTED = "REJECTED"
REOPENED = "REOPENED"
CLOSED_NO_RESPONSE = "CLOSED_NO_RESPONSE"

AT_REST = frozenset({SUSPENDED, STOP_REVIEW, INTERRUPTED})
"""A spell is there, and nothing is paid for the time being."""

GRANT = "GRANT"
REFUSE = "REFUSE"
STOP = "STOP"

CLAIM = register(
    Kind(
        code="claim",
        prefix="SP",
        label=_("失业保险金"),
        initial=SUBMITTED,
        transitions={
            # APPROVED: another system has granted it, and it is paid on here.
            SUBMITTED: frozenset({AUTO_CHECK, APPROVED}),
            # The machine grants, hands a clean case to a second pair of eyes, or opens a question.
            AUTO_CHECK: frozenset({APPROVED, REVIEW2, REVIEW1}),
            # AUTO_CHECK again: a late answer may still grant while no officer has taken the case.
            REVIEW1: frozenset({REVIEW2, SUPPLEMENT, AUTO_CHECK}),
            REVIEW2: frozenset({APPROVED, REJECTED, REVIEW1}),
            SUPPLEMENT: frozenset({AUTO_CHECK, CLOSED_NO_RESPONSE}),
            # ENDED: work was found, or the months are used up. A new spell is a new claim.
            APPROVED: frozenset({PAYING, SUSPENDED, ENDED}),
            PAYING: frozenset({SUSPENDED, ENDED}),
            # Payment rests while a person looks; it goes on as what it was, or a stop is proposed.
            SUSPENDED: frozenset({APPROVED, PAYING, INTERRUPTED, STOP_REVIEW}),
            STOP_REVIEW: frozenset({ENDED, ANNULLED, INTERRUPTED, SUSPENDED}),
            # In prison: the months are kept, and the spell goes on afterwards.
            INTERRUPTED: frozenset({APPROVED, PAYING, SUSPENDED}),
            ENDED: frozenset(),
            ANNULLED: frozenset(),
            REJECTED: frozenset({REOPENED}),
            REOPENED: frozenset({AUTO_CHECK}),
            CLOSED_NO_RESPONSE: frozenset(),
        },
        waits_for={
            SUBMITTED: WaitsFor.MACHINE,
            AUTO_CHECK: WaitsFor.MACHINE,
            REVIEW1: WaitsFor.HANDLER,
            REVIEW2: WaitsFor.REVIEWER,
            SUPPLEMENT: WaitsFor.APPLICANT,
            APPROVED: WaitsFor.MACHINE,
            PAYING: WaitsFor.NOBODY,
            SUSPENDED: WaitsFor.HANDLER,
            STOP_REVIEW: WaitsFor.REVIEWER,
            INTERRUPTED: WaitsFor.NOBODY,
            ENDED: WaitsFor.NOBODY,
            ANNULLED: WaitsFor.NOBODY,
            REJECTED: WaitsFor.NOBODY,
            REOPENED: WaitsFor.MACHINE,
            CLOSED_NO_RESPONSE: WaitsFor.NOBODY,
        },
        verbs=frozenset(
            {
                "claim.submitted",
                "claim.check_started",
                "claim.asked_again",
                "claim.granted",
                "claim.sent_to_reviewer",
                "claim.questions_opened",
                "claim.answer_unusable",
                "claim.grant_proposed",
                "claim.refusal_proposed",
                "claim.returned_to_handler",
                "claim.refused",
                "claim.papers_requested",
                "claim.papers_received",
                "claim.closed_without_answer",
                "claim.month_owed",
                "claim.month_held_back",
                "claim.payment_started",
                "claim.suspended",
                "claim.suspended_again",
                "claim.suspension_lifted",
                "claim.resumed",
                "claim.stop_proposed",
                "claim.stop_returned",
                "claim.stopped",
                "claim.annulled",
                "claim.interrupted",
                "claim.interruption_ended",
                "claim.job_reported",
                "claim.months_used_up",
                "claim.extended",
                "claim.card_recorded",
                "claim.card_not_payable",
                "claim.person_requested",
                "claim.person_answered",
                "claim.reopened",
                "claim.taken_over",
                "claim.continued",
            }
        ),
        status_labels={
            SUBMITTED: _("已提交"),
            AUTO_CHECK: _("正在核验"),
            REVIEW1: _("初审"),
            REVIEW2: _("复核"),
            SUPPLEMENT: _("等申请人补充"),
            APPROVED: _("已批准，等发放"),
            PAYING: _("发放中"),
            SUSPENDED: _("暂停发放，正在核实"),
            STOP_REVIEW: _("拟停发，等复核"),
            INTERRUPTED: _("服刑期间不发"),
            ENDED: _("已停发"),
            ANNULLED: _("核定已撤销"),
            REJECTED: _("不予核定"),
            REOPENED: _("重新受理"),
            CLOSED_NO_RESPONSE: _("逾期未补充，已结"),
        },
        verb_labels={
            "claim.submitted": _("提交申请，失业登记生效"),
            "claim.check_started": _("开始核验"),
            "claim.asked_again": _("再次查询"),
            "claim.granted": _("批准"),
            "claim.sent_to_reviewer": _("全部符合，送复核"),
            "claim.questions_opened": _("有待核实的事项，转人工"),
            "claim.answer_unusable": _("有一项答复不可能，规则算不了，转人工"),
            "claim.grant_proposed": _("拟批准，送复核"),
            "claim.refusal_proposed": _("拟不予核定，送复核"),
            "claim.returned_to_handler": _("复核退回"),
            "claim.refused": _("不予核定"),
            "claim.papers_requested": _("一次性告知补正"),
            "claim.papers_received": _("收到补充"),
            "claim.closed_without_answer": _("逾期未补充，结案"),
            "claim.month_owed": _("生成当月应发"),
            "claim.month_held_back": _("有一个月的应发没有生成，请核实"),
            "claim.payment_started": _("第一笔到账"),
            "claim.suspended": _("暂停发放，先核实"),
            "claim.suspended_again": _("又有一件要核实，继续暂停"),
            "claim.suspension_lifted": _("一件核实完了，还有别的在核实"),
            "claim.resumed": _("核实清楚，恢复发放"),
            "claim.stop_proposed": _("拟停发，送复核"),
            "claim.stop_returned": _("复核退回，继续核实"),
            "claim.stopped": _("停发"),
            "claim.annulled": _("撤销核定"),
            "claim.interrupted": _("服刑期间不发，月数保留"),
            "claim.interruption_ended": _("刑满释放，接着发"),
            "claim.job_reported": _("本人报告找到工作，停发"),
            "claim.extended": _("临近法定退休年龄，继续发放"),
            "claim.months_used_up": _("月数领完，停发"),
            "claim.card_recorded": _("记下收款账户"),
            "claim.card_not_payable": _("收款账户暂不能收款"),
            "claim.person_requested": _("申请人要求人工办理"),
            "claim.person_answered": _("工作人员看过，答复了申请人"),
            "claim.reopened": _("有新的证据，重新受理"),
            "claim.taken_over": _("从核心系统转入"),
            "claim.continued": _("原系统核定的月数没有领完，续发"),
        },
        decided=frozenset(
            {
                APPROVED,
                PAYING,
                SUSPENDED,
                STOP_REVIEW,
                INTERRUPTED,
                ENDED,
                ANNULLED,
                REJECTED,
                CLOSED_NO_RESPONSE,
            }
        ),
        max_age={
            SUBMITTED: timedelta(hours=1),
            AUTO_CHECK: timedelta(days=2),
            REVIEW1: timedelta(days=7),
            REVIEW2: timedelta(days=4),
            SUPPLEMENT: timedelta(days=90),
            REOPENED: timedelta(hours=1),
            APPROVED: timedelta(days=20),
            SUSPENDED: timedelta(days=20),
            STOP_REVIEW: timedelta(days=4),
        },
    )
)

OPEN = "OPEN"
PROPOSED = "PROPOSED"
CLOSED = "CLOSED"

MONTH = register(
    Kind(
        code="month",
        prefix="YF",
        label=_("每月发放"),
        initial=OPEN,
        transitions={
            # One officer says that all agrees, a supervisor signs; what differs meanwhile opens it again.
            OPEN: frozenset({PROPOSED}),
            PROPOSED: frozenset({OPEN, CLOSED}),
            CLOSED: frozenset(),
        },
        waits_for={OPEN: WaitsFor.MACHINE, PROPOSED: WaitsFor.SUPERVISOR, CLOSED: WaitsFor.NOBODY},
        verbs=frozenset(
            {
                "month.opened",
                "month.frozen",
                "month.scanned",
                "month.step_run",
                "month.step_failed",
                "month.close_proposed",
                "month.close_declined",
                "month.closed",
            }
        ),
        status_labels={OPEN: _("办理中"), PROPOSED: _("等主管签字结账"), CLOSED: _("已结账")},
        verb_labels={
            "month.opened": _("开始办理"),
            "month.frozen": _("冻结名册"),
            "month.scanned": _("核对到期和年龄"),
            "month.step_run": _("重做一步"),
            "month.step_failed": _("一步没有做成"),
            "month.close_proposed": _("提出结账，送主管"),
            "month.close_declined": _("主管退回，没有结账"),
            "month.closed": _("签字，结账"),
        },
        decided=frozenset({CLOSED}),
        max_age={OPEN: timedelta(days=62), PROPOSED: timedelta(days=3)},
        place=Place.PAGE,
    )
)

ASKED = "ASKED"
ANSWERED = "ANSWERED"

PERSON_REQUEST = register(
    Kind(
        code="person-request",
        prefix="RG",
        label=_("请人工办理"),
        initial=ASKED,
        transitions={ASKED: frozenset({ANSWERED}), ANSWERED: frozenset()},
        waits_for={ASKED: WaitsFor.HANDLER, ANSWERED: WaitsFor.NOBODY},
        verbs=frozenset({"person_request.asked", "person_request.answered"}),
        status_labels={ASKED: _("等工作人员答复"), ANSWERED: _("已答复")},
        verb_labels={
            "person_request.asked": _("申请人要求人工办理"),
            "person_request.answered": _("答复申请人"),
        },
        decided=frozenset({ANSWERED}),
        max_age={ASKED: timedelta(days=4)},
    )
)
