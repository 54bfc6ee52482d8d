"""Pages that belong to no app: the public home page with its estimate, how personal data are used, the keys,
and the two switches (large type, language).

Nothing here writes to the database. What the estimate says is the law's own answer; no number stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

import policy.selectors
from accounts.roles import Action, requires
from law import months
from law.money import Fen
from law.parameters import Parameters
from law.unemployment_benefit import PROGRAM, Facts, decide
from law.workdays import legal_day

CITY = "130100"
FIRST_COUNTY, FIRST_YEARS = "130102", 9
"""What the estimate shows before anybody has asked."""
ELDER, STANDARD = "elder", "standard"
VIEW_COOKIE = "view"
ONE_YEAR = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Estimate:
    """What somebody who meets every other condition would be granted; `months` 0 is too few years paid."""

    years: int
    county: str
    tier: str
    months: int
    monthly_fen: Fen | None
    total_fen: Fen | None
    standard_from: date | None
    required_months: int


def estimate(*, years: int, county: str, today: date, parameters: Parameters) -> Estimate:
    """Ask the rule itself about an applicant of today with so many full years paid, all else in order.

    Raises FaultyField for a county that the law does not know.
    """
    facts = Facts(
        applied_on=today,
        # Any age between the youngest and retirement: it changes no amount.
        birth_date=today.replace(year=today.year - 30, day=1),
        sex="M",
        retirement_category=None,
        contributed_months=12 * years,
        deemed_months=0,
        had_previous_spell=False,
        residual_months=0,
        separation_reason="D03",
        employed="NO",
        drawing_pension="NO",
        drawing_elsewhere="NO",
        imprisoned="NO",
        deceased="NO",
        operates_business="NO",
        agency_competent="YES",
        identity="MATCH",
        card_account="ACTIVE",
        paying_county=county,
    )
    decision = decide(facts, parameters)
    standard_from = None
    if decision.first_month is not None:
        first_day = months.first_day(months.parse(decision.first_month))
        standard_from = parameters.live("benefit.standard", on=first_day).start
    return Estimate(
        years=years,
        county=county,
        tier=parameters.text("region.tier", on=today, item=county),
        months=decision.months or 0,
        monthly_fen=decision.monthly_fen,
        total_fen=decision.total_fen,
        standard_from=standard_from,
        required_months=parameters.integer("benefit.min_months", on=today),
    )


def years_choices(parameters: Parameters, *, on: date) -> list[tuple[int, str]]:
    """The years to choose from: none up to the last step of the table, which stands for more, too."""
    last = max(int(years) for years in parameters.live("benefit.steps", on=on).table())
    between = [(years, ngettext("%d 年", "%d 年", years) % years) for years in range(1, last)]
    return [(0, _("不满 1 年")), *between, (last, _("%d 年及以上") % last)]


@requires(Action.PUBLIC)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The promise, what one can do here, and the estimate; htmx gets the estimate alone."""
    today = legal_day(timezone.now())  # noqa: TID251 - a view reads the clock
    parameters = policy.selectors.parameters_for(program=PROGRAM, region=CITY)
    names = policy.selectors.book().value("region.name", region=CITY, on=today).table()
    choices = years_choices(parameters, on=today)
    county, years = request.GET.get("area", ""), request.GET.get("years", "")
    shown = estimate(
        years=int(years) if years in {str(value) for value, _label in choices} else FIRST_YEARS,
        county=county if county in names else FIRST_COUNTY,
        today=today,
        parameters=parameters,
    )
    context = {
        "estimate": shown,
        "years_choices": choices,
        "counties": [(code, _(name)) for code, name in sorted(names.items())],
        "promise_days": parameters.integer("benefit.promise_wd", on=today),
        "pay_by_day": policy.selectors.integer("benefit.pay_by_day", region=CITY, on=today),
    }
    is_part = "HX-Request" in request.headers
    answer = render(request, "_estimate.html" if is_part else "home.html", context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@requires(Action.PUBLIC)
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """How personal data are used (PIPL art. 17)."""
    return render(request, "privacy.html")


@requires(Action.SIGNED_IN)
@require_safe
def shortcuts(request: HttpRequest) -> HttpResponse:
    """The officers' keys, and the switch that turns single keys off (WCAG 2.1.4)."""
    return render(request, "shortcuts.html")


@requires(Action.PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def view_mode(request: HttpRequest, mode: str) -> HttpResponse:
    """Large type on or off, kept in a cookie; back to the page one came from."""
    if mode not in (ELDER, STANDARD):
        raise Http404
    answer = HttpResponseRedirect(_way_back(request))
    if mode == ELDER:
        answer.set_cookie(
            VIEW_COOKIE, ELDER, max_age=ONE_YEAR, secure=settings.ANYE_HTTPS, httponly=True, samesite="Lax"
        )
    else:
        answer.delete_cookie(VIEW_COOKIE, samesite="Lax")
    return answer


@requires(Action.PUBLIC)
@require_http_methods(["GET", "HEAD", "POST"])
def language(request: HttpRequest, code: str) -> HttpResponse:
    """The language of pages, kept in a cookie; back to the page one came from."""
    if code not in dict(settings.LANGUAGES):
        raise Http404
    answer = HttpResponseRedirect(_way_back(request))
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=ONE_YEAR,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def _way_back(request: HttpRequest) -> str:
    """The page named by `next`, if it is one of ours; else the home page."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else "/"


urlpatterns = [
    path("", home, name="home"),
    path("privacy/", privacy, name="privacy"),
    path("shortcuts/", shortcuts, name="shortcuts"),
    path("view/<str:mode>/", view_mode, name="view-mode"),
    path("language/<str:code>/", language, name="language"),
]
