"""The unit's own pages about its size class: look, object, hand in papers. Works without a script.

Every page begins with `accounts.acting.acting_for`: who may act for the unit is asked anew at each request.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

import policy.selectors
from accounts.acting import acting_for
from accounts.models import User
from accounts.roles import Action, requires
from cases.downloads import file_response
from cases.letters import pdf_of
from cases.models import Letter
from cases.selectors import cannot_be_drawn
from enterprises import selectors, services
from enterprises.forms import DisputeForm, EvidenceForm
from enterprises.models import SizeDispute
from enterprises.refusals import sentence
from enterprises.words import contradiction_words
from law.errors import Refused
from law.workdays import legal_day

FIELD_OF = {
    "dispute.same_class": "claimed_class",
    "dispute.same_ratio": "claimed_class",
    "dispute.figures_differ": "claimed_class",
}
"""Where the words of a refusal stand on the form; all others stand above it."""


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def size_class(request: HttpRequest, unit: int) -> HttpResponse:
    """The unit's size class: what it is, what it rests on, and the form to object."""
    return _page(request, unit, DisputeForm(initial={"submission_id": uuid.uuid4()}))


def _page(request: HttpRequest, unit: int, form: DisputeForm, *, status: int = 200) -> HttpResponse:
    own = acting_for(request, unit)
    now, law = datetime.now(UTC), policy.selectors.book()
    page = selectors.unit_class_page(own.unit, on=legal_day(now), law=law)
    if not form.is_bound and page.enterprise is not None:
        form.initial["industry"] = page.enterprise.industry
    return render(request, "enterprises/size_class.html", {"page": page, "form": form}, status=status)


@never_cache
@requires(Action.ACT_FOR_UNIT)
@require_POST
def object_to_class(request: HttpRequest, unit: int) -> HttpResponse:
    """Sign for another class."""
    own = acting_for(request, unit)
    now = datetime.now(UTC)
    page = selectors.unit_class_page(own.unit, on=legal_day(now), law=policy.selectors.book())
    if page.enterprise is None or page.refund_year is None:
        raise Http404
    form = DisputeForm(request.POST)
    if form.is_valid():
        try:
            made = services.file_dispute(
                enterprise=page.enterprise,
                signed=form.signed(page.refund_year),
                submission_id=form.cleaned_data["submission_id"],
                actor=_user(request),
                now=now,
            )
        except Refused as refused:
            form.add_error(FIELD_OF.get(refused.code), sentence(refused))
        else:
            return redirect("unit-dispute", unit=unit, number=made.case.number)
    return _page(request, unit, form, status=422)


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def dispute(request: HttpRequest, unit: int, number: str) -> HttpResponse:
    """Where a dispute stands, what to do now, its letters and papers."""
    return _dispute_page(request, unit, number, EvidenceForm())


def _dispute_page(
    request: HttpRequest, unit: int, number: str, form: EvidenceForm, *, status: int = 200
) -> HttpResponse:
    found = _found(request, unit, number)
    context = {
        "page": selectors.dispute_page(found, for_unit=True),
        "unit": found.enterprise.party,
        "form": form,
        "contradictions": contradiction_words(found),
    }
    return render(request, "enterprises/unit_dispute.html", context, status=status)


@never_cache
@requires(Action.ACT_FOR_UNIT)
@require_POST
def give_papers(request: HttpRequest, unit: int, number: str) -> HttpResponse:
    """Hand in papers."""
    found = _found(request, unit, number)
    form = EvidenceForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            services.give_papers(
                dispute=found,
                papers=form.cleaned_data["papers"],
                actor=_user(request),
                now=datetime.now(UTC),
            )
        except Refused as refused:
            form.add_error(None, sentence(refused))
        else:
            messages.success(request, _("收到材料了。核实之后给单位发认定书，现在不用做什么。"))
            return redirect("unit-dispute", unit=unit, number=number)
    return _dispute_page(request, unit, number, form, status=422)


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def letter(request: HttpRequest, unit: int, number: str, key: int) -> HttpResponse:
    """One letter of a dispute, to read and to print."""
    found, opened = _letter(request, unit, number, key)
    context = {
        "letter": opened,
        "words": opened.words,
        "pdf_url": reverse("unit-dispute-letter-pdf", args=[unit, number, key]),
        "not_drawn": cannot_be_drawn(opened),
        "back_url": reverse("unit-dispute", args=[unit, found.case.number]),
        "back_label": _("回到划型异议"),
    }
    return render(request, "letters/letter.html", context)


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def letter_pdf(request: HttpRequest, unit: int, number: str, key: int) -> HttpResponse:
    """The letter as a PDF; where the font lacks a character, the page instead."""
    _found_dispute, opened = _letter(request, unit, number, key)
    content = pdf_of(letter=opened, now=datetime.now(UTC))
    if content is None:
        return redirect("unit-dispute-letter", unit=unit, number=number, key=key)
    return file_response(content, name=f"{opened.number}.pdf", kind="application/pdf")


@never_cache
@requires(Action.SEE_OWN_UNITS)
@require_safe
def paper(request: HttpRequest, unit: int, number: str, key: int) -> HttpResponse:
    """One paper that was handed in for the unit, byte for byte."""
    found = _found(request, unit, number)
    opened = services.open_paper(dispute=found, key=key, viewer=_user(request), now=datetime.now(UTC))
    if opened is None:
        raise Http404
    return file_response(opened.content, name=opened.name, kind=opened.kind)


def _letter(request: HttpRequest, unit: int, number: str, key: int) -> tuple[SizeDispute, Letter]:
    found = _found(request, unit, number)
    opened = services.open_letter(dispute=found, key=key, viewer=_user(request), now=datetime.now(UTC))
    if opened is None:
        raise Http404
    return found, opened


def _found(request: HttpRequest, unit: int, number: str) -> SizeDispute:
    acting_for(request, unit)
    found = selectors.dispute_of_unit(unit, number)
    if found is None:
        raise Http404
    return found


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `requires` has let nobody else in
    return request.user
