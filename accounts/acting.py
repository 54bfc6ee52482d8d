"""The guard of every page that is about one unit: under which mandate is it opened?

`accounts.roles.requires` says that agents may open it; this says for which units, and asks anew at each
request: a mandate that was withdrawn or ran out ends in a running session too.
"""

from datetime import UTC, datetime

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Access, Mandate, User
from accounts.selectors import last_mandate, mandate_for
from accounts.services import record_access
from law.workdays import legal_day


def acting_for(request: HttpRequest, unit: int) -> Mandate:
    """The mandate under which the signed-in user acts for the unit with this key, now.

    Raises PermissionDenied with the words of why it is over, and Http404 to whoever never had one.
    """
    now = datetime.now(UTC)  # noqa: TID251 - a guard stands at the edge, where a view would
    user = request.user
    if not isinstance(user, User):
        raise Http404
    found = mandate_for(user, unit, legal_day(now))
    if found is not None:
        return found
    earlier = last_mandate(user, unit)
    if earlier is None:
        raise Http404
    record_access(
        act=Access.Act.REFUSED,
        actor=user,
        party=earlier.unit,
        reason=Mandate.End(earlier.ended_because or Mandate.End.EXPIRED).value,
        address=request.META.get("REMOTE_ADDR", ""),
        now=now,
    )
    raise PermissionDenied(ended_words(earlier))


def ended_words(mandate: Mandate) -> str:
    """Why one cannot act for the unit any more, and what to do."""
    because = Mandate.End(mandate.ended_because or Mandate.End.EXPIRED)
    words = {
        Mandate.End.WITHDRAWN: _(
            "单位已经撤回对您的委托，您不能再替“%(unit)s”办事。还要继续办，请单位重新委托您。"
        ),
        Mandate.End.GIVEN_UP: _("您已经交还委托，不能再替“%(unit)s”办事。还要继续办，请单位重新委托您。"),
        Mandate.End.NOT_REGISTERED: _(
            "统一身份认证不再登记您是“%(unit)s”的人，您不能再替它办事。登记不对的，请单位到那边变更。"
        ),
        Mandate.End.REPLACED: _("您替“%(unit)s”办事的授权换成了新的。请重新登录。"),
        Mandate.End.DEREGISTERED: _("“%(unit)s”已经注销，不能再替它办事。"),
        Mandate.End.NAME_DIFFERS: _(
            "“%(unit)s”委托时写的姓名和您的证件不符，委托没有生效。请单位核对姓名和证件号码，重新委托。"
        ),
        Mandate.End.EXPIRED: _(
            "单位对您的委托已经到期，您不能再替“%(unit)s”办事。还要继续办，请单位重新委托您。"
        ),
    }
    return words[because] % {"unit": mandate.unit.name}
