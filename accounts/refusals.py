"""The words for what `accounts.services` refuses to officers: what happened, and what to do now. Words only.

A citizen's sign-in has words of its own (`accounts.sign_in.refusal_words`).
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: Mapping[str, str | Promise] = {
    "identifier.invalid": _("证件号码的位数或校验位不符。请对照证件再填一遍。"),
    "user.not_yours_to_manage": _("用户和权限由安全管理员办理。请联系安全管理员。"),
    "user.exists": _("已有同名的用户（不分大小写）。请换一个用户名。"),
    "user.roles": _("至少选一个岗位；三类管理员不能兼任其他岗位。"),
    "user.regions": _("地区要填六位行政区划代码，例如 130100。"),
    "user.own_rights": _("不能改自己的权限。请由另一位安全管理员办理。"),
    "client.scopes": _("至少选一项接口权限，而且只能选列出的。"),
}
