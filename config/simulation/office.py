"""The officers of a simulated year: they settle questions, sign, pay, and put returned payments right.

Handler, reviewer and supervisor act through the services behind their pages and know the truth of the plan,
as papers would show it. Each sweep begins with what stands, so that whoever was interrupted goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import claims.services
import payouts.selectors
import payouts.services
import policy.services
from accounts.models import Role
from cases.models import Event
from claims import kinds
from claims.models import Claim, Ground, PersonRequest, Stop, Suspension
from config.simulation.crowd import claims_in
from config.simulation.entitlement import CITY, GRANTED, rise_of, settled_facts
from config.simulation.stage import Filing, Stage, stands
from law.errors import Refused
from law.money import Fen
from law.workdays import legal_day
from payouts.kinds import APPROVED1, BUILT, CORRECTING, RETURN, RETURNED
from payouts.models import Batch, ReturnedPayment, Signature
from policy.models import PolicyValue

RUNNING = [kinds.APPROVED, kinds.PAYING]
SENT_BACK = 29
"""One proposal in so many is first sent back by the reviewer."""


def raise_standard(stage: Stage, *, now: datetime) -> None:
    """Two supervisors put the story's higher standard in force from a month to come."""
    risen = rise_of(stage.plan)
    if risen is None or PolicyValue.objects.filter(key=risen.key, approved_at__isnull=False).exists():
        return
    first, second = stage.staff[Role.SUPERVISOR]
    value = PolicyValue.objects.filter(key=risen.key).first() or policy.services.propose(
        key=risen.key,
        region=risen.region,
        start=risen.start,
        value=risen.value,
        unit=risen.unit,
        reference=risen.reference,
        assumption=True,
        actor=first,
        now=now,
    )
    policy.services.approve(value=value, actor=second, now=now)


def settle(stage: Stage, *, now: datetime) -> None:
    """A handler takes every open question that no silent register may still answer."""
    if not stands(kinds.CLAIM.code, kinds.REVIEW1):
        return
    waiting = Claim.objects.select_related("case__determination", "party", "registration").filter(
        case__status=kinds.REVIEW1, next_ask_at=None
    )
    for claim, filing in stage.of(waiting.order_by("pk")):
        if filing.loss.asks_papers and not _was_asked(claim):
            claims.services.request_papers(
                claim=claim,
                wanted="请补充能说明离职原因的材料。",
                actor=stage.officer(Role.HANDLER),
                now=now,
            )
        else:
            _propose(stage, claim, filing, now=now)


def _was_asked(claim: Claim) -> bool:
    return Event.objects.filter(case=claim.case, verb="claim.papers_requested").exists()


def _propose(stage: Stage, claim: Claim, filing: Filing, *, now: datetime) -> None:
    """Settle what is open by the truth and propose what the law then says; that it does is proof, too."""
    facts = claim.case.determination.facts if claim.case.determination is not None else {}
    settled = settled_facts(filing.loss, filing.due, now=now)
    unsure = {"X99", "UNKNOWN"}
    amendments = {name: settled[name] for name in settled if facts.get(name) in unsure}
    if facts.get("operates_business") == "YES":
        amendments["operates_business"] = settled["operates_business"]
    if filing.loss.reopens_on is not None:
        amendments["separation_reason"] = settled["separation_reason"]
    is_final = filing.loss.reopens_on is None or legal_day(now) >= filing.loss.reopens_on
    granted = filing.due.outcome == GRANTED and is_final
    claims.services.propose(
        claim=claim,
        act=kinds.GRANT if granted else kinds.REFUSE,
        why="按核实的材料认定，已电话告知本人。",
        amendments=amendments,
        evidence="CERTIFICATE",
        actor=stage.officer(Role.HANDLER),
        now=now,
    )


def review(stage: Stage, *, now: datetime) -> None:
    """A reviewer signs what handlers propose and what the machine hands over; now and then one goes back."""
    if not stands(kinds.CLAIM.code, kinds.REVIEW2):
        return
    waiting = Claim.objects.select_related("case", "party", "registration").filter(case__status=kinds.REVIEW2)
    for claim, _filing in stage.of(waiting.order_by("pk")):
        goes_back = claim.pk % SENT_BACK == 0 and not _went_back(claim)
        claims.services.review(
            claim=claim,
            agreed=not goes_back,
            remark="请再核对离职日期。" if goes_back else "",
            actor=stage.officer(Role.REVIEWER),
            now=now,
        )


def _went_back(claim: Claim) -> bool:
    return Event.objects.filter(case=claim.case, verb="claim.returned_to_handler").exists()


def stop(stage: Stage, told: Sequence[Filing], *, now: datetime) -> None:
    """A handler proposes to end what registers and letters say is over; the reviewer signs the same day."""
    for claim, filing in claims_in(stage, told, RUNNING):
        known = filing.due.stop
        if known is None or Stop.objects.filter(spell_id=claim.pk).exists():
            continue
        try:
            claims.services.propose_stop(
                claim=claim,
                ground=Ground(known.ground),
                event_on=known.on,
                why="有关部门来函，已核实。",
                evidence="OFFICE",
                actor=stage.officer(Role.HANDLER),
                now=now,
            )
        except Refused as refused:
            if refused.code != "claim.nothing_left":
                raise  # prison begins when the last month is paid already: nothing rests


def sign_stops(stage: Stage, *, now: datetime) -> None:
    """The second signature under every end that was proposed."""
    if not stands(kinds.CLAIM.code, kinds.STOP_REVIEW):
        return
    waiting = Claim.objects.select_related("case", "party", "registration").filter(
        case__status=kinds.STOP_REVIEW
    )
    for claim in waiting.order_by("pk"):
        claims.services.sign_stop(
            claim=claim, agreed=True, remark="", actor=stage.officer(Role.REVIEWER), now=now
        )


def go_on(stage: Stage, released: Sequence[Filing], *, now: datetime) -> None:
    """Who has left prison draws on."""
    for claim, filing in claims_in(stage, released, [kinds.INTERRUPTED]):
        known = filing.due.stop
        assert known is not None and known.over_on is not None
        claims.services.end_interruption(
            claim=claim, ended_on=known.over_on, actor=stage.officer(Role.HANDLER), now=now
        )


def inquire(stage: Stage, asked: Sequence[Filing], *, now: datetime) -> None:
    """Payment waits while something is looked into."""
    for claim, _filing in claims_in(stage, asked, RUNNING):
        if not Suspension.objects.filter(spell_id=claim.pk).exists():
            claims.services.suspend_claim(
                claim=claim, why="有一项比对需要核实。", actor=stage.officer(Role.HANDLER), now=now
            )


def clear(stage: Stage, cleared: Sequence[Filing], *, now: datetime) -> None:
    """Nothing came of it: what was held is paid."""
    for claim, _filing in claims_in(stage, cleared, [kinds.SUSPENDED]):
        claims.services.resume_claim(claim=claim, actor=stage.officer(Role.HANDLER), now=now)


def answer_people(stage: Stage, *, now: datetime) -> None:
    """Who asked for a person gets an answer in words."""
    if not stands(kinds.PERSON_REQUEST.code, kinds.ASKED):
        return
    waiting = PersonRequest.objects.select_related(
        "case", "claim__case", "claim__party", "claim__registration"
    )
    for request in waiting.filter(answered_at=None).order_by("pk"):
        claims.services.answer_person_request(
            request=request, answer="已核对，情况属实。", actor=stage.officer(Role.HANDLER), now=now
        )


def repair(stage: Stage, *, now: datetime) -> None:
    """A handler asks the card register again once the person has put the card right."""
    if not stands(RETURN.code, RETURNED, CORRECTING):
        return
    waiting = ReturnedPayment.objects.select_related(
        "case", "obligation__party", "obligation__case__claim", "payment__payee"
    ).filter(case__status__in=[RETURNED, CORRECTING])
    for returned in waiting.order_by("pk"):
        returned.case.refresh_from_db()
        if returned.case.status not in (RETURNED, CORRECTING):
            continue  # another return of the same person set it free
        filing = stage.filings[returned.obligation.case.claim.submission_id]
        after = filing.repairs_after(legal_day(now))
        if after is None or legal_day(now) < returned.returned_on + timedelta(days=after):
            continue
        is_old = returned.payment.payee.valid_to is None
        if filing.course.card_closed_from is not None and is_old:
            stage.outside.new_card(filing.course.person)
        payouts.services.ask_card_again(returned=returned, actor=stage.officer(Role.HANDLER), now=now)


def pay(stage: Stage, *, now: datetime) -> None:
    """Seal all that is due, and sign whatever waits for a signature."""
    while True:
        try:
            payouts.services.seal_batch(region=CITY, actor=stage.officer(Role.HANDLER), now=now)
        except Refused as refused:
            if refused.code != "batch.nothing_due":
                raise
            break
    _sign(stage, now=now + timedelta(minutes=10))


def _sign(stage: Stage, *, now: datetime) -> None:
    """The signatures that batches still lack: another person each time."""
    for batch in (
        Batch.objects.select_related("case").filter(case__status__in=[BUILT, APPROVED1]).order_by("pk")
    ):
        signed = set(Signature.objects.filter(batch=batch).values_list("level", flat=True))
        signers = {2: stage.officer(Role.REVIEWER), 3: stage.officer(Role.SUPERVISOR)}
        for level in range(2, payouts.selectors.required_levels(batch) + 1):
            if level not in signed:
                payouts.services.sign_batch(
                    batch=batch, total_fen=Fen(batch.total_fen), actor=signers[level], now=now
                )
