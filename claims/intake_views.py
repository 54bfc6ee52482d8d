"""Pages of what is brought in from the core system: handing a file in, how far it is, what was refused.

Works by loading again; htmx asks for the part by itself. One selector or service a view.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.roles import Action, requires
from cases import intake, intake_selectors
from cases.intake_models import Intake
from cases.intake_words import fault_rows
from cases.refusals import sentence
from cases.spreadsheet import csv_blocks
from cases.waking import wake
from claims.forms import ImportForm
from claims.intakes import LINES, REASONS, columns_of, standing_of
from claims.tasks import run_import
from law.errors import Refused
from law.workdays import legal_day


@never_cache
@requires(Action.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """The latest files, and the form that hands one in. The same file twice is one as long as it waits."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        kind, file = Intake.Kind(form.cleaned_data["kind"]), form.cleaned_data["file"]
        try:
            kept = intake.receive(
                kind=kind,
                file_name=file.name or "",
                content=file.file,
                actor=request.user,
                now=timezone.now(),
            )
        except Refused as refused:
            messages.warning(request, sentence(refused))
            return redirect("imports")
        wake(run_import, intake_id=kept.pk)
        return redirect("import", key=kept.pk)
    context = {
        "form": form,
        "rows": [(found, standing_of(found)) for found in intake_selectors.latest()],
        "kinds": columns_of(legal_day(timezone.now())),
    }
    return render(request, "claims/imports.html", context, status=422 if form.errors else 200)


@never_cache
@requires(Action.IMPORT)
@require_safe
def one(request: HttpRequest, key: int) -> HttpResponse:
    """How far a file is and which rows were refused; htmx gets the part alone."""
    found = _found(key)
    layout = LINES[found.kind].layout(legal_day(found.asked_at))
    faults = fault_rows(intake_selectors.first_faults(found), layout=layout, reasons=REASONS)
    context = {
        "intake": found,
        "standing": standing_of(found),
        "waits": intake.waits_for_signature(found),
        "is_own": found.asked_by == request.user,
        "problem": sentence(intake.problem_of(found)) if found.problem else "",
        "headings": next(faults),
        "faults": list(faults),
    }
    page = "claims/_import.html" if request.headers.get("HX-Request") == "true" else "claims/import.html"
    return render(request, page, context)


@never_cache
@requires(Action.IMPORT)
@require_safe
def refused_rows(_request: HttpRequest, key: int) -> HttpResponseBase:
    """All refused rows as a file."""
    found = _found(key)
    layout = LINES[found.kind].layout(legal_day(found.asked_at))
    rows = fault_rows(intake_selectors.all_faults(found), layout=layout, reasons=REASONS)
    response = StreamingHttpResponse(csv_blocks(rows), content_type="text/csv; charset=utf-8")
    name = _("未导入-%(key)d.csv") % {"key": found.pk}
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


@requires(Action.IMPORT)
@require_POST
def sign(request: HttpRequest, key: int) -> HttpResponse:
    """Another officer lets a file count that was checked."""
    found = _found(key)
    assert isinstance(request.user, User)
    try:
        intake.sign(intake=found, line=LINES[found.kind], actor=request.user, now=timezone.now())
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("import", key=key)
    wake(run_import, intake_id=found.pk)
    return redirect("import", key=key)


@requires(Action.IMPORT)
@require_POST
def withdraw(request: HttpRequest, key: int) -> HttpResponse:
    """Drop a file that waits for a signature."""
    found = _found(key)
    try:
        intake.withdraw(intake=found, now=timezone.now())
    except Refused as refused:
        messages.warning(request, sentence(refused))
    return redirect("import", key=key)


def _found(key: int) -> Intake:
    found = intake_selectors.intake_by_key(key)
    if found is None:
        raise Http404
    return found
