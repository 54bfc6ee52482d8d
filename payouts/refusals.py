"""The words for what `payouts.services` refuses: what happened, why, and what to do now. Words only."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import cases.refusals
from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "fund.amount": _("拨入金额要大于 0。"),
    "fund.short": _("基金支出户的余额不够。请先向财政申请拨款，到账后再办。"),
    "fund.differs": _("拨款凭证 %(reference_number)s 已经登记过，金额不同。请核对凭证。"),
    "fund.not_yours": _("拨款申请由经办提出、主管签批，要在自己负责的地区。"),
    "fund.asked": _("这个月的拨款申请 %(number)s 还没有办完，不用再提。"),
    "fund.enough": _("基金支出户的余额够发本月剩下的，不用申请拨款。"),
    "fund.not_waiting": _("这份拨款申请现在不等这一步。请看最新的经过。"),
    "fund.own": _("您提出的，要由另一个人签批。"),
    "fund.remark_missing": _("不同意要写明为什么，经办才知道改什么。"),
    "fund.voucher_missing": _("请填拨款凭证号：同一张凭证只记一次。"),
    "fund.amount_differs": _("到账的金额和签批的不一样。请对照凭证；确实不同的，请重新申请。"),
    "fund.voucher_used": _("凭证 %(reference_number)s 已经登记过。请核对凭证号。"),
    "month.not_over": _("%(month)s 还没有过完，不能结账。"),
    "month.closed": _("%(month)s 已经结账，不能再记账；补发的记在开着的月份。"),
    "month.busy": _("正在记账，请过一会儿再结。"),
    "payee.name_differs": _("账户的户名和收款人姓名不一致，不能付到这个账户。请核对身份和社保卡。"),
    "obligation.amount": _("应付金额要大于 0。"),
    "obligation.twice_in_list": _("名册里有重复的一笔。请核对后再生成。"),
    "obligation.differs": _("%(month)s 这一笔已经生成，金额或收款人不同。已生成的不能改，请核对差在哪里。"),
    "obligation.month_taken": _("%(month)s 已经按另一件发过同一项待遇，不能重复。"),
    "batch.nothing_due": _("现在没有可以封批的应付。有 %(left_out)s 笔暂时不能发，原因在列表里。"),
    "batch.not_waiting": _("这一批现在不等签字。请看最新的经过。"),
    "batch.not_yours": _("这一步不归您签：或是岗位不对，或是不在您负责的地区。"),
    "batch.own": _("您已经签过这一批。下一步要由另一个人签。"),
    "batch.total_differs": _("输入的合计和本批不一致。请对照本批的合计，一位一位再输一遍。"),
    "batch.code_wrong": _("动态口令不对，或已经用过。请等下一个口令再输。"),
    "batch.tampered": _("内容和封存时的指纹不符，不能签，也不能发。请立即报告主管和安全管理员。"),
    "batch.not_signed": _("签字不全，不能送银行。"),
    "batch.reason_missing": _("请选退回的原因。"),
    "batch.not_accepted": _("银行还没有受理这一批。"),
    "return.not_open": _("这笔退票现在不等处理。请看最新的经过。"),
    "return.reason_missing": _("请写明为什么可以重发。"),
    "return.same_account": _("账号和户名都没有变，重发还会退回。请先登记新的账户。"),
    "contradiction.not_open": _("这件矛盾现在不等处理。请看最新的经过。"),
    "contradiction.reason_missing": _("请写明核实了什么、向谁核实的。"),
    "contradiction.no_proposal": _("没有等复核的意见。请看最新的经过。"),
    "contradiction.other_act": _("这样处理不适合这件矛盾。请看两边的说法，另选一种。"),
    "contradiction.statement_says_paid": _("对账单上这笔钱已经支出，不能当作未付。请以对账单为准。"),
    "contradiction.not_on_statement": _("对账单上还没有这笔支出，不能记为已付。请等对账单或向银行核实。"),
    "contradiction.paid_again": _("这笔应付已经另外重发。请先请银行止付或追回，再更正这一笔。"),
    "contradiction.return_proposed": _("退票里有一条重发意见等复核。请先在退票里退回，再办这件。"),
    "contradiction.law_refuses": _("按规则重算，这个月不该发。请先查清待遇案件，再决定这笔应付。"),
    "contradiction.altered": _("核定的内容和留痕的指纹不符，不能据此重新核定。请立即报告主管和安全管理员。"),
    "contradiction.was_sent": _("这笔应付已经送过银行，不能冲回重立。请先把退票办完。"),
    "return.no_proposal": _("没有等复核的意见。请看最新的经过。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language; those of cases come from there."""
    pattern = SENTENCES.get(refused.code)
    if pattern is None:
        return cases.refusals.sentence(refused)
    return str(pattern) % refused.numbers
