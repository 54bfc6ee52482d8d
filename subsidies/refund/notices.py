"""The words of messages to units about their refund: what happened, what to do, by when.

Short enough for a text message; never a person's name, never more of an account than its last four digits.
"""

from django.utils.translation import gettext_lazy as _

from cases.messages import register

register(
    "refund.notified.LARGE",
    _(
        "{year}年度稳岗返还：按大型企业、{rate}% 可以返还 {amount_fen:money}，付到尾号 {tail} 的账户。"
        "不用申请；请在{due:date}前核对，不对可以提异议，不要也可以放弃。"
    ),
)
register(
    "refund.notified.SMALLER",
    _(
        "{year}年度稳岗返还：按中小微企业、{rate}% 可以返还 {amount_fen:money}，付到尾号 {tail} 的账户。"
        "不用申请；请在{due:date}前核对，不对可以提异议，不要也可以放弃。"
    ),
)
register(
    "refund.notified.SIX_KINDS",
    _(
        "{year}年度稳岗返还：按六类单位、{rate}% 可以返还 {amount_fen:money}，付到尾号 {tail} 的账户。"
        "不用申请；请在{due:date}前核对，不对可以提异议，不要也可以放弃。"
    ),
)
register(
    "refund.notified.NO_ACCOUNT",
    _(
        "{year}年度稳岗返还：按 {rate}% 可以返还 {amount_fen:money}，还没有您单位的对公账户。"
        "不用申请；请在{due:date}前核对并登记账户，不对可以提异议，不要也可以放弃。"
    ),
)
register(
    "refund.ineligible",
    _("{year}年度稳岗返还：您单位有 {count} 项条件不符合。每一项用的数字都写在单位页面上，不对可以提异议。"),
)
register("refund.manual", _("{year}年度稳岗返还：您单位有 {count} 项要先核实，我们会处理，结果再告诉您。"))
register("refund.held", _("{year}年度稳岗返还：您单位的返还暂缓，我们正在核实，结果再告诉您。"))
register("refund.cleared", _("{year}年度稳岗返还：核实完毕，您单位的返还继续办理。"))
register("refund.owed", _("{year}年度稳岗返还：财政已审核同意，{amount_fen:money}进入下一批拨付。"))
register("refund.paid", _("{year}年度稳岗返还 {amount_fen:money}已经到账。"))
