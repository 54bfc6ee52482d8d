"""What a program is told when something goes wrong: `application/problem+json` (RFC 9457).

Words and shape only. A problem never repeats what was sent: it could be a number of a person or a secret.
"""

from collections.abc import Mapping

from django.http import JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from law.decision import Reference

PROBLEM = "application/problem+json"

TITLES: Mapping[int, str | Promise] = {
    400: _("请求读不懂"),
    401: _("需要有效的令牌"),
    403: _("没有这项权限"),
    404: _("没有这个地址，或没有这一条"),
    405: _("这个地址不接受这种方法"),
    406: _("这里只有 JSON"),
    409: _("和现在的情况冲突"),
    415: _("不接受这种格式"),
    422: _("按现在的情况不能办"),
    429: _("请求太频繁"),
    500: _("系统出错，不是您的请求有问题"),
    503: _("暂时办不了"),
}


def problem(
    status: int,
    code: str,
    *,
    title: str = "",
    detail: str = "",
    reference: Reference | None = None,
    **more: object,
) -> dict[str, object]:
    """The members of a problem. `detail` says what to do now; `reference` is the law behind it, if one is."""
    body: dict[str, object] = {
        "type": "about:blank",
        "status": status,
        "code": code,
        "title": title or str(TITLES.get(status, TITLES[400 if status < 500 else 500])),
        "detail": detail,
    }
    if reference is not None:
        body["reference"] = reference.to_json()
    return body | more


def problem_response(
    status: int, code: str, *, title: str = "", detail: str = "", headers: Mapping[str, str] | None = None
) -> JsonResponse:
    """The same as a whole answer, for what no view of the API has answered."""
    return JsonResponse(
        problem(status, code, title=title, detail=detail),
        status=status,
        content_type=PROBLEM,
        headers=dict(headers or {}),
        json_dumps_params={"ensure_ascii": False},
    )
