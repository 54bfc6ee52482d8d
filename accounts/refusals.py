"""The words for what `accounts.services` refuses to officers: what happened, and what to do now. Words only.

A citizen's sign-in has words of its own (`accounts.sign_in.refusal_words`).
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from law.errors import Refused

SENTENCES: Mapping[str, str | Promise] = {
    "identifier.invalid": _("证件号码的位数或校验位不符。请对照证件再填一遍。"),
    "user.not_yours_to_manage": _("用户和权限由安全管理员办理。请联系安全管理员。"),
    "user.exists": _("已有同名的用户（不分大小写）。请换一个用户名。"),
    "user.roles": _("至少选一个岗位；三类管理员不能兼任其他岗位。"),
    "user.regions": _("地区要填六位行政区划代码，例如 130100。"),
    "user.own_rights": _("不能改自己的权限和登录凭据。请由另一位安全管理员办理。"),
    "client.scopes": _("至少选一项接口权限，而且只能选列出的。"),
    "password.wrong": _("现在的密码不对。请看看大小写，再填一遍。"),
    "password.same": _("新密码和现在的一样。请换一个。"),
    "mandate.not_yours": _("您现在不能替这个单位办事。请单位的法定代表人或登记的经办人委托您。"),
    "mandate.no_further": _(
        "受委托的经办人不能再委托别人，也不能撤回别人的委托。请法定代表人或登记的经办人来办。"
    ),
    "mandate.until_past": _("截止日已经过了。请填今天或以后的日期，或者不填。"),
    "mandate.self": _("这是您自己的证件号码，您本来就能替这个单位办事。请填要委托的人。"),
    "mandate.already": _("这个人已经能替这个单位办事，不用再委托。要改截止日，先撤回，再重新委托。"),
    "mandate.name_differs": _("姓名和证件号码不是同一个人。请对照身份证，两样都再看一遍。"),
    "mandate.registered": _(
        "法定代表人和登记的经办人由统一身份认证登记，这里撤不了。请到那边变更，下次登录时就按新的办。"
    ),
    "unmask.reason_missing": _("请写明为什么要看全号，至少 4 个字：本人能看到。"),
    "unmask.no_number": _("这里没有登记证件号码。"),
}


def sentence(refused: Refused) -> str:
    """The sentence of a refusal in the reader's language. KeyError for a code of another app."""
    return str(SENTENCES[refused.code]) % refused.numbers
