"""Pages of long work: asking for it, how far it is, and its result. Only who asked for it sees it.

Works by loading again; htmx asks for the part by itself. One selector or service a view.
"""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.roles import Action, requires
from cases import exporting, jobs, selectors
from cases.forms import ExportForm
from cases.models import Job
from cases.queue import tabs_of
from cases.refusals import sentence
from cases.tasks import run_job
from cases.waking import wake
from law.errors import Refused

TYPES = {
    "CSV": ("csv", "text/csv; charset=utf-8"),
    "XLSX": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _viewer(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@requires(Action.EXPORT)
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Ask for the list that the form names as a file; asked for twice it is one job."""
    viewer = _viewer(request)
    form = ExportForm(request.POST, tabs=tabs_of(viewer))
    if not form.is_valid():
        messages.warning(request, form.first_problem())
        return redirect("queue")
    try:
        job = jobs.ask_for_export(
            kind=Job.Kind(form.cleaned_data["kind"]),
            parameters=form.parameters() | {"language": get_language() or ""},
            reason=form.cleaned_data["reason"],
            actor=viewer,
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("queue")
    wake(run_job, job_id=job.pk)
    return redirect("job", key=job.pk)


@never_cache
@requires(Action.EXPORT)
@require_safe
def job(request: HttpRequest, key: int) -> HttpResponse:
    """How far a job is; htmx gets the part alone."""
    found = selectors.job_of(_viewer(request), key)
    if found is None:
        raise Http404
    problem = sentence(Refused("job.no_right")) if found.problem else ""
    page = "cases/_job.html" if request.headers.get("HX-Request") == "true" else "cases/job.html"
    return render(request, page, {"job": found, "problem": problem, "kept_days": jobs.KEPT.days})


@never_cache
@requires(Action.EXPORT)
@require_safe
def job_file(request: HttpRequest, key: int) -> HttpResponse:
    """The result; who fetched it is recorded."""
    viewer = _viewer(request)
    found = selectors.job_of(viewer, key, with_content=True)
    if found is None:
        raise Http404
    try:
        content = jobs.fetch_result(job=found, actor=viewer, now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("job", key=key)
    ending, content_type = TYPES[found.kind.rpartition("_")[2]]
    response = HttpResponse(content, content_type=content_type)
    name = f"{exporting.list_of(found.kind).name}-{found.pk}.{ending}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response
