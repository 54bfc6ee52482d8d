"""Pages of batches and returned payments for officers. Each calls one selector or one service, and works
without a script. Signing asks for the total and a one-time code and has no shortcut, on purpose.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Access, User
from accounts.roles import Action, can, requires
from accounts.services import check_one_time_code, record_access
from cases.waking import wake
from law.errors import Refused
from payouts import selectors, services, tasks
from payouts.forms import DecideForm, PayAgainForm, SendBackForm, SignForm
from payouts.models import Batch, ReturnedPayment
from payouts.refusals import sentence


def _officer(request: HttpRequest) -> User:
    """The signed-in user, for the type checker; `requires` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


@requires(Action.SEE_BATCHES)
@require_GET
def batches(request: HttpRequest) -> HttpResponse:
    """The list of batches, and what is owed now and in none."""
    viewer = _officer(request)
    context = {
        "rows": selectors.batches(viewer),
        "owed": selectors.owed_now(viewer, now=datetime.now(UTC)),
        "may_make": can(viewer, Action.MAKE_BATCH),
    }
    return render(request, "payouts/batches.html", context)


@requires(Action.MAKE_BATCH)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Seal what is due in one region; whoever seals signs as maker."""
    region = request.POST.get("region", "")
    viewer = _officer(request)
    now = datetime.now(UTC)
    if region not in {owed.region for owed in selectors.owed_now(viewer, now=now)}:
        messages.warning(request, _("这个地区现在没有可以封批的应付。"))
        return redirect("batches")
    try:
        batch = services.seal_batch(region=region, actor=viewer, now=now)
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("batches")
    words = ngettext("已封存 %(count)d 笔，等复核。", "已封存 %(count)d 笔，等复核。", batch.count)
    messages.success(request, words % {"count": batch.count})
    return redirect("case-batch", number=batch.number)


@requires(Action.SEE_BATCHES)
@require_GET
def batch(request: HttpRequest, number: str) -> HttpResponse:
    """One batch: what makes the sum, what was checked, who is left out, who signs, what the bank says."""
    return _show_batch(request, number)


def _show_batch(
    request: HttpRequest, number: str, *, form: SignForm | None = None, back: SendBackForm | None = None
) -> HttpResponse:
    page = selectors.batch_page(_officer(request), number)
    if page is None:
        raise Http404
    context = {"page": page, "form": form or SignForm(), "back": back or SendBackForm()}
    is_faulty = any(one is not None and not one.is_valid() for one in (form, back))
    return render(request, "payouts/batch.html", context, status=422 if is_faulty else 200)


def _batch_or_404(request: HttpRequest, number: str) -> Batch:
    found = selectors.batch_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.SEE_BATCHES)
@require_POST
def sign(request: HttpRequest, number: str) -> HttpResponse:
    """Sign a batch: the total typed again, a one-time code, the open checks seen. The service knows who
    may.
    """
    batch = _batch_or_404(request, number)
    viewer = _officer(request)
    form = SignForm(request.POST)
    if not form.is_valid():
        return _show_batch(request, number, form=form)
    total_fen = form.cleaned_data["total"]
    if total_fen != batch.total_fen:
        form.add_error("total", sentence(Refused("batch.total_differs")))
        return _show_batch(request, number, form=form)
    # Asked last: a code counts once, and a slip of the pen in the total should not cost one.
    if not check_one_time_code(user=viewer, code=form.cleaned_data["code"]):
        form.add_error("code", sentence(Refused("batch.code_wrong")))
        return _show_batch(request, number, form=form)
    try:
        services.sign_batch(batch=batch, total_fen=total_fen, actor=viewer, now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-batch", number=number)
    wake(tasks.submit_approved)
    messages.success(request, _("已签。签齐之后由系统送银行。"))
    return redirect("case-batch", number=number)


@requires(Action.CHECK_BATCH)
@require_POST
def send_back(request: HttpRequest, number: str) -> HttpResponse:
    """A batch that is not right goes back; what it held is due again."""
    batch = _batch_or_404(request, number)
    back = SendBackForm(request.POST)
    if not back.is_valid():
        return _show_batch(request, number, back=back)
    try:
        services.send_back_batch(
            batch=batch,
            reason_code=back.cleaned_data["reason"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-batch", number=number)
    messages.success(request, _("已退回。这些应付可以重新封批。"))
    return redirect("batches")


# --- what stays owed --------------------------------------------------------------------------------------


@requires(Action.SEE_BATCHES)
@require_GET
def liabilities(request: HttpRequest) -> HttpResponse:
    """All that is owed and could not be paid, and all that has to come back: it leaves by being settled."""
    return render(request, "payouts/liabilities.html", {"page": selectors.liabilities(_officer(request))})


# --- returned payments ------------------------------------------------------------------------------------


@requires(Action.SEE_CASE)
@require_GET
def returned(request: HttpRequest, number: str) -> HttpResponse:
    """A payment that did not arrive: why, what to do, who does it. Who looked is recorded."""
    return _show_returned(request, number)


def _show_returned(
    request: HttpRequest, number: str, *, form: PayAgainForm | None = None, decision: DecideForm | None = None
) -> HttpResponse:
    page = selectors.returned_page(_officer(request), number)
    if page is None:
        raise Http404
    record_access(
        act=Access.Act.READ,
        actor=_officer(request),
        party=page.returned.obligation.party,
        case_number=page.case.number,
        now=datetime.now(UTC),
    )
    context = {
        "page": page,
        "case": page.case,
        "party": page.returned.obligation.party,
        "masked_number": page.masked_number,
        "events": page.events,
        "form": form or PayAgainForm(),
        "decision": decision or DecideForm(),
    }
    is_faulty = any(one is not None and not one.is_valid() for one in (form, decision))
    return render(request, "payouts/returned.html", context, status=422 if is_faulty else 200)


def _returned_or_404(request: HttpRequest, number: str) -> ReturnedPayment:
    found = selectors.returned_by_number(_officer(request), number)
    if found is None:
        raise Http404
    return found


@requires(Action.HANDLE_CASE)
@require_POST
def ask_card(request: HttpRequest, number: str) -> HttpResponse:
    """Ask the card register once more; an account that can be paid is recorded and the payment goes on."""
    returned = _returned_or_404(request, number)
    try:
        status = services.ask_card_again(returned=returned, actor=_officer(request), now=datetime.now(UTC))
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-returned", number=number)
    said = {
        "ACTIVE": _("社保卡账户可以收款，已记下。"),
        "INACTIVE": _("社保卡账户还没有激活。"),
        "CLOSED": _("社保卡账户已经销户，还没有新的账户。"),
        "NAME_DIFFERS": _("社保卡账户的户名和姓名不一致。"),
    }
    messages.info(request, said.get(status, _("社保卡银行账户没有答复，请稍后再查。")))
    return redirect("case-returned", number=number)


@requires(Action.HANDLE_CASE)
@require_POST
def pay_again(request: HttpRequest, number: str) -> HttpResponse:
    """Propose that the payment be made again; another officer decides."""
    returned = _returned_or_404(request, number)
    form = PayAgainForm(request.POST)
    if not form.is_valid():
        return _show_returned(request, number, form=form)
    try:
        services.propose_pay_again(
            returned=returned,
            reason=form.cleaned_data["reason"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-returned", number=number)
    messages.success(request, _("已送复核。"))
    return redirect("case-returned", number=number)


@requires(Action.REVIEW_CASE)
@require_POST
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Agree to paying again, or not."""
    returned = _returned_or_404(request, number)
    decision = DecideForm(request.POST)
    if not decision.is_valid():
        return _show_returned(request, number, decision=decision)
    agreed = decision.cleaned_data["agreed"] == "yes"
    try:
        services.decide_pay_again(
            returned=returned,
            agreed=agreed,
            remark=decision.cleaned_data["remark"],
            actor=_officer(request),
            now=datetime.now(UTC),
        )
    except Refused as refused:
        messages.warning(request, sentence(refused))
        return redirect("case-returned", number=number)
    messages.success(request, _("已签，进下一批重发。") if agreed else _("已退回经办。"))
    return redirect("case-returned", number=number)
