"""The words of messages about money: what happened, why, what to do now. Registered when the app is ready.

Short enough for a text message; never a name, never more of an account than its last four digits.
"""

from django.utils.translation import gettext_lazy as _

from cases.messages import register
from payouts.kinds import Cause

register("payment.settled", _("{amount_fen:money}已于{on:date}到账，尾号 {tail}。"))
register(
    "payment.reminder",
    _(
        "第 {nth} 次提醒：{amount_fen:money}还没有付到您的卡上，钱还在。"
        "请把社保卡办好，再点“办好了，再查一次”，下一批重发：{number:link}"
    ),
)
register(
    f"payment.returned.{Cause.NUMBER_WRONG}",
    _(
        "{amount_fen:money}没有到账：银行查不到尾号 {tail} 的账户。"
        "钱还在，请核对社保卡、换好账号，再到这里点一次，下一批重发：{number:link}"
    ),
)
register(
    f"payment.returned.{Cause.ACCOUNT_CLOSED}",
    _(
        "{amount_fen:money}没有到账：尾号 {tail} 的账户已销户或换卡。"
        "钱还在，请登记新社保卡，再到这里点一次，下一批重发：{number:link}"
    ),
)
register(
    f"payment.returned.{Cause.NOT_ACTIVE}",
    _(
        "{amount_fen:money}没有到账：尾号 {tail} 的社保卡金融账户没有激活或已休眠。"
        "钱还在，请到银行网点激活，再到这里点一次，下一批重发：{number:link}"
    ),
)
register(
    f"payment.returned.{Cause.NAME_DIFFERS}",
    _(
        "{amount_fen:money}没有到账：银行登记的户名和您的姓名不一致。钱还在，我们先核对，需要您做什么会再告诉您。"
    ),
)
register(
    f"payment.returned.{Cause.UNSPECIFIED}",
    _(
        "{amount_fen:money}没有到账，银行没有说明原因。"
        "钱还在，下一批会重发；请您也看一下尾号 {tail} 的账户能不能收款：{number:link}"
    ),
)
register(
    f"payment.returned.{Cause.FILE_OR_TIME}",
    _("{amount_fen:money}要晚几天到账：银行没有来得及处理，和您无关。钱还在，下一批会重发，您不用做什么。"),
)
register(
    "payment.not_to_return",
    _("{amount_fen:money}没有到账，已退回基金。您已停发，这笔不再发，之前说要退回的这笔也不用退了。"),
)
