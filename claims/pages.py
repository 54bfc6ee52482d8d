"""What the claim's pages show: selectors' answers put into words, headings and choices. Reads only."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

import cases.messages
import cases.selectors
import payouts.selectors
import policy.selectors
from accounts.models import Party, User
from accounts.roles import Action, can
from cases.models import Message
from cases.wording import month_words, sentence
from claims import kinds, selectors, words
from claims.change_pages import ChangeForms, change_panel, rest_words
from claims.checks import tally
from claims.facts import Evidence
from claims.forms import (
    AnswerForm,
    ApplicationForm,
    JobForm,
    PersonForm,
    ProposalForm,
    ReopenForm,
    ReviewForm,
)
from claims.kinds import AT_REST
from claims.models import Claim, Spell
from claims.money_pages import spell_money
from claims.paperwork import ended_words, inbox, letter_rows, next_pay_by, paper_rows, ways_on
from claims.questions import open_questions
from law.decision import Outcome, Verdict
from law.money import Fen, yuan_grouped
from law.parameters import ParameterBook
from law.unemployment_benefit import UnemploymentDecision
from law.workdays import legal_day

CITY = "130100"
POSTS = (
    pgettext_lazy("bridge", "提交"),
    pgettext_lazy("bridge", "核验"),
    pgettext_lazy("bridge", "批准"),
    pgettext_lazy("bridge", "到账"),
)
MONTHS_SHOWN = 4

PROPOSED: Mapping[str, str | Promise] = {
    "grant": gettext_lazy("已送复核：拟批准。"),
    "refuse": gettext_lazy("已送复核：拟不予核定。"),
    "supplement": gettext_lazy("已告知申请人要补什么；两个期限都暂停，等申请人答复后接着算。"),
}

CHECK_ENDS = frozenset(
    {"claim.answer_unusable", "claim.questions_opened", "claim.sent_to_reviewer", "claim.granted"}
)
"""How a check by the machine ends."""

APPLICANTS_REASONS = frozenset({"Z01", "Z03", "Z04", "D01", "D02", "D03", "D04", "D05", "W01", "V01", "V02"})
"""What an applicant may state; the rest of the list is for officers."""


@dataclass(frozen=True)
class Line:
    """One line of a sum: an amount in fen, or words where the line is no amount."""

    label: str
    fen: int | None = None
    value: str = ""
    note: str = ""
    total: bool = False


@dataclass(frozen=True)
class Step:
    """One station on the way: state done, now or todo."""

    state: str
    title: str
    note: str = ""


@dataclass(frozen=True)
class Month:
    """One benefit month: amount in fen, tone and words for how far it has come."""

    month: str
    fen: int
    tone: str
    what: str


Choices = list[tuple[str, str]]


def form_choices(*, now: datetime) -> dict[str, Choices]:
    """What the form lets one choose from: `counties` by their codes, and the `reasons` one may state."""
    return dict(_choices(policy.selectors.book(), legal_day(now), get_language()))


@lru_cache(maxsize=8)
def _choices(law: ParameterBook, on: date, _language: str | None) -> Mapping[str, Choices]:
    """Kept for the book, the day and the reader's language."""
    counties = law.value("region.name", region=CITY, on=on).table()
    stated = _reason_names(law, on=on, region=CITY)
    return {
        "counties": [(code, _(name)) for code, name in sorted(counties.items())],
        "reasons": [(code, name) for code, name in stated.items() if code in APPLICANTS_REASONS],
    }


def reason_names(*, on: date, region: str = CITY) -> dict[str, str]:
    """Separation reasons by code, in the reader's language."""
    return _reason_names(policy.selectors.book(), on=on, region=region)


def _reason_names(law: ParameterBook, *, on: date, region: str) -> dict[str, str]:
    rows = law.value("benefit.separation_reasons", region=region, on=on).records()
    return {row["code"]: _(row["name"]) for row in rows}


def initial_answers(party: Party) -> dict[str, str]:
    """What the form starts with: what the draft holds, for the rest the last registration."""
    registration = selectors.registration_of(party)
    known = {"submission_id": str(uuid.uuid4()), "train": "no", "job": "UNDECIDED"}
    if registration is not None:
        known |= {
            "mobile": registration.mobile,
            "district": registration.residence,
            "street": registration.street,
            "job": registration.job_wish,
            "train": "yes" if registration.wants_training else "no",
        }
    draft = selectors.draft_of(party)
    if draft is not None:
        known |= {**draft.answers, "submission_id": str(draft.submission_id)}
    return known


def form_page(*, party: Party, form: ApplicationForm, now: datetime) -> dict[str, object]:
    """The form with the facts already found and what would follow from them."""
    evidence = selectors.evidence_of(party=party)
    chosen = str(form["district"].value() or "")
    # What was posted may be no county at all; the page is shown all the same.
    residence = chosen if chosen in dict(form_choices(now=now)["counties"]) else CITY
    insurance = evidence.insurance()
    today = legal_day(now)
    law = policy.selectors.book()
    county = selectors.county_of(law, party=party, residence=residence, on=today)
    decision = selectors.estimate_for(
        party, residence=residence, claimed_reason=str(form["claimed_reason"].value() or ""), now=now
    )
    promise, promise_provisional = policy.selectors.deadline(
        start=today, days=law.integer("benefit.promise_wd", region=county, on=today), law=law
    )
    statutory, _provisional = policy.selectors.deadline(
        start=today, days=law.integer("benefit.review_statutory_wd", region=county, on=today), law=law
    )
    separation = evidence.separation()
    return {
        "form": form,
        "party": party,
        "masked_number": selectors.identifier_of(party).masked,
        "identity": evidence.identity(),
        "insurance": insurance,
        "separation": separation,
        "separation_name": reason_names(on=today).get(separation.reason_code, "") if separation else "",
        "card": evidence.card(),
        "asked": {source.value: lookup.answered_at for source, lookup in evidence.lookups.items()},
        "decision": decision,
        "sum": benefit_sum(decision, county=county),
        "foreseen": foreseen(decision),
        "promise_due": promise,
        "promise_provisional": promise_provisional,
        "statutory_due": statutory,
        "special_days": special_days(start=today, end=promise),
        "report_days": policy.selectors.integer("benefit.report_wd", region=county, on=today),
        "saved": selectors.draft_of(party),
    }


def special_days(*, start: date, end: date) -> list[tuple[date, bool]]:
    """Days between that one would count wrongly: a make-up workday (True) or a weekday off (False)."""
    calendar = policy.selectors.calendar()
    found = []
    for ordinal in range(start.toordinal() + 1, end.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day.year in calendar.years and calendar.is_working_day(day) == (day.weekday() > 4):
            found.append((day, day.weekday() > 4))
    return found


def foreseen(decision: UnemploymentDecision | None) -> Sequence[str]:
    """Open or failing tests known before submission, so that nobody is surprised by them later."""
    if decision is None:
        return []
    known = [reason for reason in decision.reasons if reason.outcome is Outcome.FAIL]
    return [sentence(reason) for reason in known]


def benefit_sum(decision: UnemploymentDecision | None, *, county: str) -> list[Line]:
    """How the benefit comes about: standard, months, total; nothing where it cannot be known."""
    if decision is None or not decision.months or decision.first_month is None:
        return []
    on = selectors.first_day(decision.first_month)
    tier = policy.selectors.book().text("region.tier", region=county, on=on, item=county)
    span = _("%(first)s 至 %(last)s") % {
        "first": month_words(decision.first_month),
        "last": month_words(decision.last_month or decision.first_month),
    }
    return [
        Line(label=_("每月标准（%(tier)s 档）") % {"tier": tier}, fen=decision.monthly_fen),
        Line(label=_("月数"), value=_("%(months)d 个月") % {"months": decision.months}, note=span),
        Line(label=_("共"), fen=decision.total_fen, total=True),
    ]


def my_page(viewer: User, *, now: datetime) -> dict[str, Any]:
    """A person's own matters."""
    own = selectors.claims_of(viewer)
    letters = cases.selectors.letters_of_cases([claim.pk for claim in own])
    claims = [
        {
            "claim": claim,
            "status": kinds.CLAIM.status_labels[claim.case.status],
        }
        for claim in own
    ]
    party = viewer.party
    received = selectors.messages_to(viewer)
    return {
        "claims": claims,
        "may_apply": all(claim.closed_at is not None for claim in own),
        "letters": [
            row for claim in own for row in letter_rows(claim.case.number, letters.get(claim.pk, []))
        ],
        "draft": selectors.draft_of(party) if party is not None else None,
        "inbox": inbox(received),
        "received": received,
        "now": now,
    }


def tracker_page(
    claim: Claim,
    *,
    viewer: User,
    now: datetime,
    answer: AnswerForm | None = None,
    reopening: ReopenForm | None = None,
    asking: PersonForm | None = None,
    job: JobForm | None = None,
) -> dict[str, Any]:
    """The citizen's page of one claim; a form that could not be taken is shown again as it was filled in."""
    case = claim.case
    decision = selectors.decision_of(case)
    spell = selectors.spell_of(claim)
    payments = payouts.selectors.months_of_case(case)
    card = selectors.card_reply(selectors.evidence_of(claim=claim))
    card_problem = card is not None and card[1].status != "ACTIVE"
    headline, lead, stage = _state(claim, decision, spell, payments, card_problem=card_problem)
    events = {event.verb: event for event in selectors.events_of(case)}
    received = selectors.messages_of_case(case)
    papers = cases.selectors.attachments_of(case)
    shown, after = _months(spell, payments)
    pay_by = None if card_problem or case.status in AT_REST else next_pay_by(spell, payments)
    return {
        "claim": claim,
        "case": case,
        "headline": headline,
        "lead": lead,
        "pay_by": pay_by,
        "is_late": pay_by is not None and pay_by < legal_day(now),
        "stage": stage,
        "posts": [str(post) for post in POSTS],
        "promise_due": case.promise_due,
        "steps": _steps(claim, decision, events, stage),
        "decided": case.status == kinds.REJECTED or spell is not None,
        "refused": case.status == kinds.REJECTED,
        "reasons": decision.reasons if decision is not None else [],
        "spell": spell,
        "sum": benefit_sum(decision, county=claim.county) if spell is not None else [],
        "months": shown,
        "months_after": after,
        "card": card[1] if card else None,
        "card_problem": card_problem,
        "came_back": _came_back(payments, received),
        "waiting_papers": case.status == kinds.SUPPLEMENT,
        "inbox": inbox(received),
        "received": received,
        "letters": letter_rows(case.number, cases.selectors.letters_of(case)),
        "papers": paper_rows(case.number, [paper for paper in papers if paper.uploaded_by_id == viewer.pk]),
        "answer": answer or AnswerForm(),
        "reopening": reopening or ReopenForm(),
        **_own_acts(claim, asking=asking, job=job, now=now),
        **ways_on(claim, now=now),
    }


def _own_acts(
    claim: Claim, *, asking: PersonForm | None, job: JobForm | None, now: datetime
) -> dict[str, object]:
    """What the person may ask or report on the tracker."""
    return {
        "in_payment": claim.case.status in {kinds.APPROVED, kinds.PAYING},
        "job": job or JobForm(),
        "report_days": policy.selectors.integer("benefit.report_wd", region=claim.county, on=legal_day(now)),
        "asking": asking or PersonForm(),
        "person_requests": selectors.person_requests_of(claim),
    }


def _came_back(payments: Sequence[payouts.selectors.MonthState], received: Sequence[Message]) -> str:
    """What the person was told of money that came back and lies with us; empty where none does."""
    if not any(payment.is_returned for payment in payments):
        return ""
    told = (one for one in received if one.template.startswith("payment.returned."))
    return next((cases.messages.render(one) for one in told), "")


def _state(
    claim: Claim,
    decision: UnemploymentDecision | None,
    spell: Spell | None,
    payments: Sequence[payouts.selectors.MonthState],
    *,
    card_problem: bool,
) -> tuple[str, str, int]:
    """Heading, next event and the post of the bridge that is now (1 to 4, 5 when money has arrived)."""
    match claim.case.status:
        case kinds.SUBMITTED | kinds.AUTO_CHECK | kinds.REOPENED:
            return (
                _("收到了，正在核验"),
                _("我们正在向有关部门查询，您不用做什么。登记已经生效。"),
                2,
            )
        case kinds.REVIEW1 | kinds.REVIEW2:
            return (
                _("有一项要人工核实"),
                _("工作人员正在核实，不用您再跑。等别的部门答复的时间，不算在您头上。"),
                2,
            )
        case kinds.SUPPLEMENT:
            return (_("还差一样，等您补充"), _("补上之后马上接着办；期限从您补上那天接着算。"), 2)
        case kinds.REJECTED:
            return (
                _("这次没有核定失业保险金"),
                _("失业登记仍然有效，缴费年限都保留。下面写着您可以怎么办，和为什么没有核定。"),
                3,
            )
        case kinds.CLOSED_NO_RESPONSE:
            return (_("等不到补充，先结了"), _("失业登记仍然有效。材料齐了，随时可以再申请。"), 2)
        case kinds.ENDED if spell is not None:
            return (_("已停发"), ended_words(spell, payments), 5)
        case status if spell is not None and (status in AT_REST or status == kinds.ANNULLED):
            return (*rest_words(spell, payments), 5 if any(one.is_paid for one in payments) else 4)
        case _:
            return _payment_state(decision, payments, card_problem=card_problem)


def _payment_state(
    decision: UnemploymentDecision | None,
    payments: Sequence[payouts.selectors.MonthState],
    *,
    card_problem: bool,
) -> tuple[str, str, int]:
    if any(payment.is_returned for payment in payments):
        return (_("有一笔钱退回来了"), _("钱还是您的。请看下面怎么办，改好后下一批再发。"), 4)
    paid = [payment for payment in payments if payment.is_paid]
    if paid:
        said = _("%(month)s的 %(amount)s 元已经到您的社保卡。") % {
            "month": month_words(paid[-1].month),
            "amount": yuan_grouped(paid[-1].amount_fen),
        }
        return (_("钱已到账"), said, 5)
    amount = yuan_grouped(decision.monthly_fen) if decision is not None and decision.monthly_fen else ""
    if card_problem:
        said = _("每月 %(amount)s 元。社保卡办好、能收款了，下一批就发；怎么办，请看下面。")
        return (_("已经批准，等您的社保卡能收款"), said % {"amount": amount}, 4)
    return (
        _("已经批准，等发第一笔"),
        _("每月 %(amount)s 元，下一批就发到您的社保卡。您不用做什么。") % {"amount": amount},
        4,
    )


def _steps(
    claim: Claim,
    decision: UnemploymentDecision | None,
    events: Mapping[str, selectors.EventRow],
    stage: int,
) -> list[Step]:
    """The way from the form to the card, future included."""
    status = claim.case.status
    passed = claim.case.determination.pass_count if claim.case.determination is not None else 0
    verified = stage > 2
    checked = Step("done" if verified else "now", _("核验"), _("还在查，%(n)d 项已经符合") % {"n": passed})
    if verified:
        checked = Step("done", _("核验 %(n)d 项") % {"n": len(decision.reasons) if decision else 0})
    if status == kinds.REJECTED:
        return [
            Step("done", pgettext("step", "提交申请"), _("失业登记同时生效")),
            checked,
            Step("now", _("不予核定"), _("由两位工作人员决定")),
        ]
    granted = events.get("claim.granted")
    who = _("系统核定，全部符合") if granted is not None and granted.by_machine else _("经办、复核两人签字")
    approved = Step("todo", _("批准"))
    if granted is not None and decision is not None and decision.months:
        title = _("批准：%(months)d 个月，每月 %(amount)s 元") % {
            "months": decision.months,
            "amount": yuan_grouped(decision_fen(decision)),
        }
        approved = Step("done", title, who)
    money = "done" if stage > 4 else "now" if stage == 4 else "todo"
    return [
        Step("done", pgettext("step", "提交申请"), _("失业登记同时生效")),
        checked,
        approved,
        Step(money, _("第一笔到账")),
        Step("todo", _("以后每月到账"), _("没领完的月数，找到工作后留着以后用")),
    ]


def decision_fen(decision: UnemploymentDecision) -> Fen:
    """The monthly amount of a grant; a grant always has one."""
    assert decision.monthly_fen is not None
    return decision.monthly_fen


def _months(spell: Spell | None, payments: Sequence[payouts.selectors.MonthState]) -> tuple[list[Month], int]:
    """The next few months of a spell, those in which it rests left out, and how many lie behind them."""
    if spell is None:
        return [], 0
    known = {payment.month: payment for payment in payments}
    book = policy.selectors.book()
    rests = selectors.interruptions_of(spell)
    last = min(spell.paid_through or spell.last_month, spell.last_month)
    due = selectors.months_due(spell, rests, last=last)
    months = sorted({*due, *known})[: max(MONTHS_SHOWN, len(known) + 2)]
    rows = [_month(spell, month, known.get(month), book) for month in months]
    return rows, 0 if spell.ended_at else len({*due, *known}) - len(rows)


def _month(
    spell: Spell, month: str, state: "payouts.selectors.MonthState | None", book: ParameterBook
) -> Month:
    if state is None:
        expected = selectors.month_fen(spell, month, book=book)
        if spell.claim.case.status in AT_REST:
            return Month(month, expected, "", _("先停着"))
        by = book.integer("benefit.pay_by_day", region=spell.claim.county, on=selectors.first_day(month))
        return Month(month, expected, "", _("%(day)d 日前") % {"day": by})
    if state.is_stopped:
        return Month(month, state.amount_fen, "", _("停发，不再发"))
    if state.is_to_recover:
        return Month(month, state.amount_fen, "warn", _("多发了，要退回"))
    if state.is_paid:
        return Month(month, state.amount_fen, "ok", _("已到账"))
    if state.is_held:
        return Month(month, state.amount_fen, "warn", _("先停着"))
    if state.is_returned:
        return Month(month, state.amount_fen, "warn", _("退回，等改正"))
    return Month(month, state.amount_fen, "info", _("在途") if state.is_sent else _("待发放"))


def _settled(page: selectors.CasePage, number: str, names: Mapping[str, str]) -> list[dict[str, object]]:
    """The facts officers settled, each with its evidence and reason."""
    return [
        {
            "field": words.field_words(one.field),
            "value": words.value_words(one.field, one.value, names),
            "source": words.EVIDENCE_LABELS.get(one.source, one.source),
            "at": one.at,
            "reason": one.reason,
            "papers": paper_rows(number, list(one.attachments.all())) if page.attachments else [],
        }
        for one in page.amendments
    ]


def officer_page(
    claim: Claim,
    *,
    viewer: User,
    form: ProposalForm,
    now: datetime,
    reopening: ReopenForm | None = None,
    reviewing: ReviewForm | None = None,
    changing: ChangeForms | None = None,
) -> dict[str, object]:
    """The caseworker's one screen of a claim."""
    page = selectors.case_page(claim, now=now)
    case, decision = claim.case, page.decision
    proposal = page.proposal if page.proposal is not None and page.proposal.decided_at is None else None
    names = reason_names(on=claim.applied_on, region=claim.county)
    separation = page.evidence.separation()
    spell = selectors.spell_of(claim)
    return {
        "case": case,
        "claim": claim,
        "party": claim.party,
        "masked_number": page.masked_number,
        "promise_clock": page.promise_clock,
        "statutory_clock": page.statutory_clock,
        "checks": page.checks,
        "tally": tally(page.checks),
        "determination": case.determination,
        "decision": decision,
        "verdict": decision.verdict.value if decision is not None else "",
        "verdict_words": verdict_words(decision),
        "reasons": decision.reasons if decision is not None else [],
        "sum": benefit_sum(decision, county=claim.county),
        "events": page.events,
        "proposal": proposal,
        "last_proposal": page.proposal,
        "own_proposal": proposal is not None and proposal.proposed_by_id == viewer.pk,
        "amendments": _settled(page, case.number, names),
        "questions": open_questions(decision, names, form.amendments())
        if case.status == kinds.REVIEW1
        else [],
        "unusable": words.field_words(selectors.faulty_field(case)) if _is_unusable(page.events) else "",
        "form": form,
        "separation": separation,
        "separation_name": names.get(separation.reason_code, "") if separation else "",
        "claimed_name": names.get(claim.claimed_reason, ""),
        **_replies(page.evidence),
        "previous": page.previous,
        "history": page.history,
        "inbox": inbox(page.messages),
        "letters": letter_rows(case.number, page.letters),
        "papers": paper_rows(case.number, page.attachments),
        **spell_money(spell),
        "person_requests": selectors.person_requests_of(claim),
        "reviewing": reviewing or ReviewForm(),
        **_open_to(claim, viewer=viewer, reopening=reopening),
        "status_label": kinds.CLAIM.status_labels[case.status],
        "spell": spell,
        "held_by_other": case.handler_id not in (None, viewer.pk),
        **change_panel(spell, proposal=proposal, viewer=viewer, forms=changing or ChangeForms()),
    }


def _replies(evidence: Evidence) -> dict[str, object]:
    """What the registers said of insurance and card."""
    return {"insurance": evidence.insurance(), "card": evidence.card()}


def _open_to(claim: Claim, *, viewer: User, reopening: ReopenForm | None) -> dict[str, object]:
    """Which step the claim is at, and whether an officer may take a refusal up again."""
    status = claim.case.status
    return {
        "may_handle": status == kinds.REVIEW1,
        "may_review": status == kinds.REVIEW2,
        "may_reopen": status == kinds.REJECTED and can(viewer, Action.HANDLE_CASE),
        "reopening": reopening or ReopenForm(),
    }


def _is_unusable(lines: Sequence[cases.selectors.TrailLine]) -> bool:
    """Whether the latest check ended with an answer no rule can be run on. `lines`: newest first."""
    return next((line.verb for line in lines if line.verb in CHECK_ENDS), "") == "claim.answer_unusable"


def verdict_words(decision: UnemploymentDecision | None) -> str:
    """The system's proposal in words; a proposal is never a decision."""
    if decision is None:
        return _("还没有核验")
    match decision.verdict:
        case Verdict.GRANT:
            return _("批准 %(months)d 个月") % {"months": decision.months or 0}
        case Verdict.REFUSE:
            return _("不予核定")
        case Verdict.REVIEW:
            return _("有待核实，还不能建议")
