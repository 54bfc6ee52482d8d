"""The campaign of a refund year and the refund of one unit as kinds of case: statuses, ways and verbs.

Data only. Names and arrows are those of "enjoyed without applying" (免申即享): screening, the unit's word,
public notice, the finance department's answer, payment. Nothing here decides anything.
"""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from cases.kinds import Kind, Place, WaitsFor, register

SCREENING = "SCREENING"
RUNNING = "RUNNING"
CLOSED = "CLOSED"

CAMPAIGN = register(
    Kind(
        code="refund-campaign",
        prefix="WG",
        label=_("稳岗返还年度"),
        initial=SCREENING,
        transitions={
            # Screened anew for late units and top-ups, as often as the year needs it.
            SCREENING: frozenset({RUNNING}),
            RUNNING: frozenset({SCREENING, CLOSED}),
            CLOSED: frozenset(),
        },
        waits_for={SCREENING: WaitsFor.MACHINE, RUNNING: WaitsFor.HANDLER, CLOSED: WaitsFor.NOBODY},
        verbs=frozenset(
            {
                "campaign.opened",
                "campaign.screened",
                "campaign.run_asked",
                "campaign.notified",
                "campaign.notice_published",
                "campaign.published",
                "campaign.finance_asked",
                "campaign.finance_answered",
                "campaign.owed",
                "campaign.fund_entered",
                "campaign.closed",
            }
        ),
        status_labels={SCREENING: _("正在筛查"), RUNNING: _("办理中"), CLOSED: _("已结束")},
        verb_labels={
            "campaign.opened": _("开始本年度，筛查全部单位"),
            "campaign.screened": _("筛查完成"),
            "campaign.run_asked": _("再筛查一轮"),
            "campaign.notified": _("通知单位核对"),
            "campaign.notice_published": _("发布公示"),
            "campaign.published": _("公示名单已列全"),
            "campaign.finance_asked": _("送财政审核"),
            "campaign.finance_answered": _("登记财政审核意见"),
            "campaign.owed": _("生成应付"),
            "campaign.fund_entered": _("登记基金年末结余"),
            "campaign.closed": _("结束本年度"),
        },
        max_age={SCREENING: timedelta(days=1), RUNNING: timedelta(days=400)},
        place=Place.PAGE,
    )
)

SCREENED = "SCREENED"
ELIGIBLE = "ELIGIBLE"
INELIGIBLE = "INELIGIBLE"
MANUAL = "MANUAL"
REVIEW = "REVIEW"
NOTIFIED = "NOTIFIED"
CONFIRMED = "CONFIRMED"
DECLINED = "DECLINED"
PUBLIC_NOTICE = "PUBLIC_NOTICE"
HELD = "HELD"
FINANCE_REVIEW = "FINANCE_REVIEW"
APPROVED = "APPROVED"
PAYING = "PAYING"
PAID = "PAID"
TOPPED_UP = "TOPPED_UP"

GRANT = "GRANT"
REFUSE = "REFUSE"

REFUND = register(
    Kind(
        code="refund",
        prefix="FH",
        label=_("稳岗返还"),
        initial=SCREENED,
        transitions={
            SCREENED: frozenset({ELIGIBLE, INELIGIBLE, MANUAL}),
            ELIGIBLE: frozenset({NOTIFIED, MANUAL}),
            # What the unit contests, or what a later run finds changed, is looked at anew.
            INELIGIBLE: frozenset({SCREENED, MANUAL}),
            MANUAL: frozenset({REVIEW, SCREENED}),
            REVIEW: frozenset({ELIGIBLE, INELIGIBLE, MANUAL}),
            # No answer by the deadline goes to the public notice as a confirmed one does.
            NOTIFIED: frozenset({CONFIRMED, DECLINED, MANUAL, PUBLIC_NOTICE}),
            CONFIRMED: frozenset({PUBLIC_NOTICE, DECLINED, MANUAL}),
            DECLINED: frozenset({SCREENED}),
            PUBLIC_NOTICE: frozenset({HELD, FINANCE_REVIEW, MANUAL}),
            # Cleared: back to the step at which it was held. Not cleared: decided anew.
            HELD: frozenset({PUBLIC_NOTICE, FINANCE_REVIEW, APPROVED, MANUAL}),
            FINANCE_REVIEW: frozenset({APPROVED, HELD}),
            APPROVED: frozenset({PAYING, HELD}),
            # HELD: what was owed could be taken back before any money had left.
            PAYING: frozenset({PAID, TOPPED_UP, HELD}),
            PAID: frozenset({SCREENED}),
            TOPPED_UP: frozenset({SCREENED}),
        },
        waits_for={
            SCREENED: WaitsFor.MACHINE,
            ELIGIBLE: WaitsFor.MACHINE,
            INELIGIBLE: WaitsFor.NOBODY,
            MANUAL: WaitsFor.HANDLER,
            REVIEW: WaitsFor.REVIEWER,
            NOTIFIED: WaitsFor.APPLICANT,
            CONFIRMED: WaitsFor.MACHINE,
            DECLINED: WaitsFor.NOBODY,
            PUBLIC_NOTICE: WaitsFor.MACHINE,
            HELD: WaitsFor.HANDLER,
            FINANCE_REVIEW: WaitsFor.OFFICE,
            APPROVED: WaitsFor.MACHINE,
            PAYING: WaitsFor.BANK,
            PAID: WaitsFor.NOBODY,
            TOPPED_UP: WaitsFor.NOBODY,
        },
        verbs=frozenset(
            {
                "refund.screened",
                "refund.screened_again",
                "refund.eligible",
                "refund.ineligible",
                "refund.manual",
                "refund.proposed",
                "refund.sent_back",
                "refund.notified",
                "refund.confirmed",
                "refund.declined",
                "refund.objected",
                "refund.contested",
                "refund.answered",
                "refund.published",
                "refund.complained",
                "refund.cleared",
                "refund.not_cleared",
                "refund.notice_over",
                "refund.approved",
                "refund.owed",
                "refund.held",
                "refund.paid",
                "refund.topped_up",
            }
        ),
        status_labels={
            SCREENED: _("已筛查"),
            ELIGIBLE: _("符合，等通知"),
            INELIGIBLE: _("不符合"),
            MANUAL: _("待人工核实"),
            REVIEW: _("等复核"),
            NOTIFIED: _("等单位核对"),
            CONFIRMED: _("单位已确认"),
            DECLINED: _("单位放弃"),
            PUBLIC_NOTICE: _("公示中"),
            HELD: _("暂缓"),
            FINANCE_REVIEW: _("财政审核"),
            APPROVED: _("已批准，等生成应付"),
            PAYING: _("拨付中"),
            PAID: _("已拨付"),
            TOPPED_UP: _("已补差"),
        },
        verb_labels={
            "refund.screened": _("筛查"),
            "refund.screened_again": _("再次筛查"),
            "refund.eligible": _("全部符合"),
            "refund.ineligible": _("有不符合的条件"),
            "refund.manual": _("有待核实的事项，转人工"),
            "refund.proposed": _("核实完毕，送复核"),
            "refund.sent_back": _("复核退回"),
            "refund.notified": _("通知单位核对"),
            "refund.confirmed": _("单位确认"),
            "refund.declined": _("单位放弃本年返还"),
            "refund.objected": _("单位提出异议"),
            "refund.contested": _("单位对结果有异议，转人工"),
            "refund.answered": _("答复单位的异议"),
            "refund.published": _("列入公示"),
            "refund.complained": _("公示期内有人反映，暂缓"),
            "refund.cleared": _("核实后可以继续"),
            "refund.not_cleared": _("核实后需要重新认定"),
            "refund.notice_over": _("公示期满，送财政审核"),
            "refund.approved": _("财政审核同意"),
            "refund.owed": _("生成应付"),
            "refund.held": _("拨付前复查发现变化，暂缓"),
            "refund.paid": _("已到账"),
            "refund.topped_up": _("补差已到账"),
        },
        decided=frozenset({INELIGIBLE, APPROVED, PAYING, PAID, TOPPED_UP, DECLINED}),
        max_age={
            SCREENED: timedelta(hours=1),
            ELIGIBLE: timedelta(days=30),
            MANUAL: timedelta(days=30),
            REVIEW: timedelta(days=5),
            NOTIFIED: timedelta(days=30),
            CONFIRMED: timedelta(days=30),
            PUBLIC_NOTICE: timedelta(days=30),
            HELD: timedelta(days=30),
            FINANCE_REVIEW: timedelta(days=30),
            APPROVED: timedelta(days=5),
            PAYING: timedelta(days=35),
        },
        place=Place.PAGE,
    )
)
