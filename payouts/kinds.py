"""Batches and returned payments as kinds of case: their statuses, whom each waits for, their verbs.

Data only. Statuses are those of the payment procedure; nothing here decides or moves money.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from cases.kinds import Kind, Label, Place, WaitsFor, register

BUILT = "BUILT"
APPROVED1 = "APPROVED1"
APPROVED2 = "APPROVED2"
SENT = "SENT"
ACCEPTED = "ACCEPTED"
REJECTED = "REJECTED"
PART_SETTLED = "PART_SETTLED"
SETTLED = "SETTLED"
RECONCILED = "RECONCILED"

RETURNED = "RETURNED"
PROPOSED = "PROPOSED"
CORRECTING = "CORRECTING"
READY = "READY"

OPEN = "OPEN"
RESOLVED = "RESOLVED"

BATCH = register(
    Kind(
        code="batch",
        prefix="FB",
        label=_("发放批次"),
        initial=BUILT,
        transitions={
            # Sealed by the timetable (nobody has signed) or by a person (who has).
            BUILT: frozenset({APPROVED1, REJECTED}),
            # With enough signatures for its sum it may go; a checker may also send it back.
            APPROVED1: frozenset({APPROVED2, REJECTED}),
            APPROVED2: frozenset({SENT}),
            SENT: frozenset({ACCEPTED, REJECTED}),
            ACCEPTED: frozenset({PART_SETTLED, SETTLED}),
            REJECTED: frozenset(),
            PART_SETTLED: frozenset({RECONCILED}),
            SETTLED: frozenset({RECONCILED}),
            RECONCILED: frozenset(),
        },
        waits_for={
            BUILT: WaitsFor.HANDLER,
            APPROVED1: WaitsFor.REVIEWER,
            APPROVED2: WaitsFor.MACHINE,
            SENT: WaitsFor.BANK,
            ACCEPTED: WaitsFor.BANK,
            REJECTED: WaitsFor.NOBODY,
            PART_SETTLED: WaitsFor.MACHINE,
            SETTLED: WaitsFor.MACHINE,
            RECONCILED: WaitsFor.NOBODY,
        },
        verbs=frozenset(
            {
                "batch.sealed",
                "batch.signed_by_maker",
                "batch.checked",
                "batch.approved",
                "batch.sent_back",
                "batch.sent",
                "batch.held_back",
                "batch.no_answer",
                "batch.other_file_at_bank",
                "batch.accepted",
                "batch.refused_by_bank",
                "batch.receipts_recorded",
                "batch.settled",
                "batch.settled_in_part",
                "batch.receipts_conflict",
                "batch.receipts_unknown",
                "batch.reconciled",
            }
        ),
        status_labels={
            BUILT: _("等制单"),
            APPROVED1: _("等复核"),
            APPROVED2: _("已批准，等送银行"),
            SENT: _("已送银行，等回执"),
            ACCEPTED: _("银行已受理，等回盘"),
            REJECTED: _("未发出，已退回"),
            PART_SETTLED: _("部分到账，等对账"),
            SETTLED: _("全部到账，等对账"),
            RECONCILED: _("已对账"),
        },
        verb_labels={
            "batch.sealed": _("生成，封存"),
            "batch.signed_by_maker": _("制单，送复核"),
            "batch.checked": _("复核，送主管"),
            "batch.approved": _("批准，送银行"),
            "batch.sent_back": _("退回"),
            "batch.sent": _("送银行"),
            "batch.held_back": _("指纹或签字不符，没有送出，请核实"),
            "batch.no_answer": _("银行没有应答，改为查询"),
            "batch.other_file_at_bank": _("银行持有同一批次号的另一份文件，请核实"),
            "batch.accepted": _("银行受理"),
            "batch.refused_by_bank": _("银行不受理"),
            "batch.receipts_recorded": _("收到回盘"),
            "batch.settled": _("全部到账"),
            "batch.settled_in_part": _("部分到账"),
            "batch.receipts_conflict": _("回盘前后矛盾，请核实"),
            "batch.receipts_unknown": _("回盘中有不认识的流水，请核实"),
            "batch.reconciled": _("对账一致"),
        },
        max_age={
            BUILT: timedelta(days=2),
            APPROVED1: timedelta(days=2),
            APPROVED2: timedelta(hours=1),
            SENT: timedelta(hours=4),
            ACCEPTED: timedelta(days=3),
            PART_SETTLED: timedelta(days=5),
            SETTLED: timedelta(days=5),
        },
        place=Place.PAGE,
    )
)

RETURN = register(
    Kind(
        code="returned",
        prefix="TK",
        label=_("退票"),
        initial=RETURNED,
        transitions={
            # SETTLED: two officers found that the money had arrived after all; or the benefit was stopped.
            RETURNED: frozenset({CORRECTING, READY, PROPOSED, SETTLED}),
            # RETURNED: the last reminder was not answered.
            CORRECTING: frozenset({READY, PROPOSED, SETTLED, RETURNED}),
            # Paying again without a new account is proposed by one officer and signed by another.
            PROPOSED: frozenset({READY, RETURNED, SETTLED}),
            # Paid again, or back once more.
            READY: frozenset({SETTLED, RETURNED}),
            # A return may come days after the second payment too.
            SETTLED: frozenset({RETURNED}),
        },
        waits_for={
            RETURNED: WaitsFor.HANDLER,
            PROPOSED: WaitsFor.REVIEWER,
            CORRECTING: WaitsFor.APPLICANT,
            READY: WaitsFor.MACHINE,
            SETTLED: WaitsFor.NOBODY,
        },
        verbs=frozenset(
            {
                "return.opened",
                "return.again",
                "return.person_asked",
                "return.card_asked",
                "return.reminded",
                "return.unanswered",
                "return.pay_again_proposed",
                "return.pay_again_declined",
                "return.ready",
                "return.settled",
                "return.paid_after_all",
                "return.stopped",
            }
        ),
        status_labels={
            RETURNED: _("等经办核实"),
            PROPOSED: _("等复核"),
            CORRECTING: _("等本人更正"),
            READY: _("下一批重发"),
            SETTLED: _("已了结"),
        },
        verb_labels={
            "return.opened": _("银行退回"),
            "return.again": _("重发后又退回"),
            "return.person_asked": _("请本人更正收款账户"),
            "return.card_asked": _("再查社保卡账户"),
            "return.reminded": _("提醒本人"),
            "return.unanswered": _("提醒都发过了，本人还没有办，转经办"),
            "return.pay_again_proposed": _("拟按原账户重发，送复核"),
            "return.pay_again_declined": _("复核退回，请再核实"),
            "return.ready": _("可以重发，进下一批"),
            "return.settled": _("重发到账"),
            "return.stopped": _("停发，不再重发"),
            "return.paid_after_all": _("核实：这笔钱当时已经付出，不用重发"),
        },
        max_age={
            RETURNED: timedelta(days=3),
            PROPOSED: timedelta(days=3),
            CORRECTING: timedelta(days=30),
            READY: timedelta(days=35),
        },
        place=Place.TAB,
    )
)

CONTRADICTION = register(
    Kind(
        code="contradiction",
        prefix="MD",
        label=_("账目矛盾"),
        initial=OPEN,
        transitions={
            OPEN: frozenset({PROPOSED}),
            # Which word stands is proposed by one officer and signed by another.
            PROPOSED: frozenset({OPEN, RESOLVED}),
            RESOLVED: frozenset(),
        },
        waits_for={OPEN: WaitsFor.HANDLER, PROPOSED: WaitsFor.REVIEWER, RESOLVED: WaitsFor.NOBODY},
        verbs=frozenset(
            {
                "contradiction.opened",
                "contradiction.again",
                "contradiction.proposed",
                "contradiction.declined",
                "contradiction.resolved",
            }
        ),
        status_labels={OPEN: _("等经办核实"), PROPOSED: _("等复核"), RESOLVED: _("已查清")},
        verb_labels={
            "contradiction.opened": _("发现矛盾，这笔先不发"),
            "contradiction.again": _("又来了一份矛盾的回盘"),
            "contradiction.proposed": _("提出处理意见，送复核"),
            "contradiction.declined": _("复核退回，请再核实"),
            "contradiction.resolved": _("复核签字，已更正"),
        },
        max_age={OPEN: timedelta(days=3), PROPOSED: timedelta(days=3)},
        place=Place.TAB,
    )
)

ASKED = "ASKED"
APPROVED = "APPROVED"
DECLINED = "DECLINED"
RECEIVED = "RECEIVED"

FUND_REQUEST = register(
    Kind(
        code="fund-request",
        prefix="BK",
        label=_("拨款申请"),
        initial=ASKED,
        transitions={
            # Asked by one officer, signed by a supervisor; finance then moves the money.
            ASKED: frozenset({APPROVED, DECLINED}),
            APPROVED: frozenset({RECEIVED}),
            DECLINED: frozenset(),
            RECEIVED: frozenset(),
        },
        waits_for={
            ASKED: WaitsFor.SUPERVISOR,
            APPROVED: WaitsFor.HANDLER,
            DECLINED: WaitsFor.NOBODY,
            RECEIVED: WaitsFor.NOBODY,
        },
        verbs=frozenset(
            {
                "fund_request.asked",
                "fund_request.approved",
                "fund_request.declined",
                "fund_request.received",
            }
        ),
        status_labels={
            ASKED: _("等主管签批"),
            APPROVED: _("已签批，等财政拨入"),
            DECLINED: _("没有同意，可以重提"),
            RECEIVED: _("已拨入"),
        },
        verb_labels={
            "fund_request.asked": _("提出拨款申请"),
            "fund_request.approved": _("签批，报财政"),
            "fund_request.declined": _("没有同意"),
            "fund_request.received": _("财政拨入，登记凭证"),
        },
        decided=frozenset({APPROVED, DECLINED, RECEIVED}),
        max_age={ASKED: timedelta(days=3), APPROVED: timedelta(days=10)},
        place=Place.PAGE,
    )
)


class Odd(models.TextChoices):
    """What contradicts what."""

    RECEIPT = "RECEIPT", _("银行回盘前后矛盾")
    STATEMENT = "STATEMENT", _("回盘说未付，对账单上却支出了")
    RECHECK = "RECHECK", _("抽样重算和原来的核定对不上")


class Act(models.TextChoices):
    """How a contradiction is put right; each is proposed by one officer and signed by another."""

    FIRST_STANDS = "FIRST_STANDS", _("以先到的说法为准，账不动")
    PAID_AFTER_ALL = "PAID_AFTER_ALL", _("更正为已付：补记一笔更正分录")
    UNPAID_AFTER_ALL = "UNPAID_AFTER_ALL", _("更正为未付：补记一笔更正分录，按退票办")
    OWE_ANEW = "OWE_ANEW", _("按规则重新核定：冲回原应付，另立一笔进下一批")


class Cause:
    """Why a payment came back: our codes, which say what to do."""

    NUMBER_WRONG = "B01"
    ACCOUNT_CLOSED = "B02"
    NOT_ACTIVE = "B03"
    NAME_DIFFERS = "B04"
    DECEASED = "B05"
    UNSPECIFIED = "B06"
    FILE_OR_TIME = "B07"


CAUSE_OF_REASON: Mapping[str, str] = {
    "AC01": Cause.NUMBER_WRONG,
    "AC04": Cause.ACCOUNT_CLOSED,
    "AC06": Cause.NOT_ACTIVE,
    "BE01": Cause.NAME_DIFFERS,
    "MD07": Cause.DECEASED,
    "MS03": Cause.UNSPECIFIED,
    "TM01": Cause.FILE_OR_TIME,
}
"""The bank's reason (ISO 20022) to our cause; one that is not listed is a fault of file or time, B07."""

CAUSE_LABELS: Mapping[str, Label] = {
    Cause.NUMBER_WRONG: _("账号不对"),
    Cause.ACCOUNT_CLOSED: _("账户已销户或已换卡"),
    Cause.NOT_ACTIVE: _("金融账户未激活、休眠或冻结"),
    Cause.NAME_DIFFERS: _("户名与账户不符"),
    Cause.DECEASED: _("银行提示收款人已去世"),
    Cause.UNSPECIFIED: _("银行未说明原因"),
    Cause.FILE_OR_TIME: _("文件或截止时间问题"),
}

CAUSE_ADVICE: Mapping[str, Label] = {
    Cause.NUMBER_WRONG: _("已请本人核对社保卡；新卡号登记后进下一批。"),
    Cause.ACCOUNT_CLOSED: _("已请本人提供新社保卡；新卡号登记后进下一批。"),
    Cause.NOT_ACTIVE: _("已请本人到银行激活金融账户，账号不变；激活后按原账号重发。法院冻结的转法制岗。"),
    Cause.NAME_DIFFERS: _("先用公安数据核对身份和姓名，改正后重发；改名改账号要两个人签。"),
    Cause.DECEASED: _("先核实生存状态，核实前不再发放；不要联系家属催办。"),
    Cause.UNSPECIFIED: _("自动重发一次；再退回就请本人核对。"),
    Cause.FILE_OR_TIME: _("与本人无关，自动进下一批重发。"),
}

ASKS_THE_PERSON = frozenset({Cause.NUMBER_WRONG, Cause.ACCOUNT_CLOSED, Cause.NOT_ACTIVE})
SAME_ACCOUNT_MAY_DO = frozenset({Cause.NOT_ACTIVE, Cause.UNSPECIFIED, Cause.FILE_OR_TIME})
"""Causes where paying again into the same account can succeed; for the others a new account must be on
record.
"""
RETRIED_BY_THE_MACHINE = frozenset({Cause.UNSPECIFIED, Cause.FILE_OR_TIME})


MAKER, CHECKER, SUPERVISOR = 1, 2, 3
"""Levels of signatures under a batch."""

HELD = "HELD"
NO_PAYEE = "NO_PAYEE"
COOLING_OFF = "COOLING_OFF"
RETURN_OPEN = "RETURN_OPEN"
CONFLICT = "CONFLICT"
RECHECK = "RECHECK"
ACCOUNT_FAULTY = "ACCOUNT_FAULTY"
NAME_FAULTY = "NAME_FAULTY"
NEXT_FILE = "NEXT_FILE"
CHANGED = "CHANGED"

LEFT_OUT_LABELS: Mapping[str, tuple[Label, Label]] = {
    HELD: (_("暂停发放，正在核实"), _("核实清楚、恢复发放后进下一批；在这份待遇的案件里办")),
    NO_PAYEE: (_("没有收款账户"), _("本人登记能收款的社保卡后，进下一批")),
    COOLING_OFF: (_("换卡冷静期"), _("换卡满一批后，进下一批")),
    RETURN_OPEN: (_("退票没有处理完"), _("更正后进下一批；在退票里办")),
    CONFLICT: (_("银行回盘前后矛盾"), _("在账目矛盾里查清、两人签字之前不发")),
    RECHECK: (_("重算对不上"), _("在账目矛盾里重新核定，进下一批")),
    CHANGED: (_("批准后情况有变化"), _("在这一件里核实；核实清楚后再发，或者不再发")),
    ACCOUNT_FAULTY: (_("账号没有通过校验"), _("请本人核对社保卡")),
    NAME_FAULTY: (_("户名写不进银行文件"), _("核对姓名里的特殊字符，改正后进下一批")),
    NEXT_FILE: (_("超过一个文件的笔数"), _("再封一批")),
}
"""Why an obligation that is due is not in a batch, and what happens next."""

SEND_BACK_LABELS: Mapping[str, Label] = {
    "NUMBERS": _("合计或笔数和预计不符"),
    "PEOPLE": _("名单有问题"),
    "ACCOUNTS": _("收款账户有问题"),
    "TIMING": _("今天不发，改日再封"),
}
"""Why a checker sends a batch back."""
