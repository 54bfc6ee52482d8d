"""Reads of disputes about size classes: what contradicts them, what they are worth, what their pages show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from django.db.models import Q, QuerySet

from accounts.models import Party, User
from accounts.roles import Action, can
from accounts.selectors import in_regions, masked_numbers
from cases.kinds import Label
from cases.models import Attachment, Case, Letter, Proposal
from cases.selectors import TrailLine, attachments_of, letters_of, open_proposal, timeline
from enterprises.kinds import (
    BELIEVED,
    DISPROVED,
    EVIDENCE,
    PROOF,
    PROPOSED,
    SIZE_DISPUTE,
    WANTS_PAPERS,
)
from enterprises.models import Enterprise, InsuredYear, SizeClassRecord, SizeDispute, UnitKind
from enterprises.selectors.classing import MANUAL, answer_of, classes_of
from law.decision import Json
from law.errors import MissingParameter
from law.parameters import ParameterBook
from law.retention_refund import STANDINGS, Commitment, terms_for
from law.size_class import CLASSES
from policy.selectors import parameters_for

YEARS_LOOKED_BACK = 3
AMONG_OFFICERS = frozenset({"dispute.proposed", "dispute.sent_back"})
CHUNK = 1_000


class Claimed(Protocol):
    """A commitment as far as it is checked: the figures at the end of the year before the refund's."""

    @property
    def refund_year(self) -> int: ...
    @property
    def industry(self) -> str: ...
    @property
    def employees(self) -> int | None: ...
    @property
    def revenue_wan(self) -> int | None: ...
    @property
    def assets_wan(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a unit says against what is known; both as they are, empty where there is nothing to say."""

    code: str
    given: int | str | None
    known: int | str | None

    def to_json(self) -> dict[str, Json]:
        return {"code": self.code, "given": self.given, "known": self.known}


def contradictions_of(unit: Enterprise, signed: Claimed, *, law: ParameterBook) -> list[Contradiction]:
    """What speaks against a commitment in what we know of the unit; empty if nothing does.

    More persons insured at the end of the year than it says it employs; another industry than registered;
    less revenue or assets than the figures on record of that very year; an industry that the rule leaves to a
    person.
    """
    found: list[Contradiction] = []
    year = signed.refund_year - 1
    insured = InsuredYear.objects.filter(enterprise=unit, year=year).values_list("headcounts", flat=True)
    last = next((counts[-1] for counts in insured), None)
    if signed.employees is not None and last is not None and last > signed.employees:
        found.append(Contradiction("EMPLOYEES", signed.employees, last))
    if unit.industry and unit.industry[:2] != signed.industry[:2]:
        found.append(Contradiction("INDUSTRY", signed.industry, unit.industry))
    bases = [SizeClassRecord.Basis.TABLE, SizeClassRecord.Basis.PROOF]
    recorded = SizeClassRecord.objects.filter(enterprise=unit, year=year, basis__in=bases)
    record = recorded.order_by("-from_on", "-pk").first()
    if record is not None:
        for code, given, known in (
            ("REVENUE", signed.revenue_wan, record.revenue_wan),
            ("ASSETS", signed.assets_wan, record.assets_wan),
        ):
            if given is not None and known is not None and given < known:
                found.append(Contradiction(code, given, known))
    if answer_of(unit, signed, industry=signed.industry, law=law) == MANUAL:
        found.append(Contradiction("MANUAL", signed.industry, None))
    return found


def was_barred(unit: Enterprise) -> bool:
    """Whether an earlier commitment of the unit was not kept: it is believed no more."""
    return SizeDispute.objects.filter(enterprise=unit, case__status=DISPROVED).exists()


Origin = Mapping[str, str | int]
"""Where a fact came from: `source` and what finds it again (a row's key, a document, a day)."""


def commitments_of(of: Q, *, refund_year: int) -> dict[int, tuple[Commitment, Origin]]:
    """What commitments of a refund year are worth now, by unit, with the dispute each comes from.

    `of`: of which disputes; all of the year for an empty one.

    One that was decided is none any more: the class that was found stands on record.
    """
    rows = SizeDispute.objects.filter(
        of, refund_year=refund_year, closed_at=None, case__status__in=[*BELIEVED, PROOF]
    )
    return {
        row.enterprise_id: (
            Commitment(CLASSES[row.claimed_class], STANDINGS[row.standing]),
            {"source": "COMMITMENT", "dispute": row.pk, "at": row.signed_at.isoformat()},
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Broken:
    """A commitment that was not kept. `found_class` is "" where no class was ever on record."""

    enterprise_id: int
    number: str
    refund_year: int
    found_class: str
    ground: str
    closed_at: datetime


def broken_commitments(*, refund_year: int, enterprise_ids: Iterable[int] | None = None) -> Iterator[Broken]:
    """Commitments of a refund year that were not kept, in the order in which they ended.

    What was paid on them beyond the class that counts now has to come back: whoever paid asks here.
    """
    rows = SizeDispute.objects.select_related("case").filter(refund_year=refund_year, case__status=DISPROVED)
    if enterprise_ids is not None:
        rows = rows.filter(enterprise__in=list(enterprise_ids))
    for row in rows.order_by("closed_at", "pk").iterator(chunk_size=CHUNK):
        assert row.closed_at is not None
        yield Broken(
            enterprise_id=row.enterprise_id,
            number=row.case.number,
            refund_year=row.refund_year,
            found_class=row.found_class or row.recorded_class,
            ground=row.ground,
            closed_at=row.closed_at,
        )


def open_dispute_of(enterprise_id: int) -> SizeDispute | None:
    """The dispute of a unit that waits."""
    rows = SizeDispute.objects.select_related("case")
    return rows.filter(enterprise=enterprise_id, closed_at=None).first()


def refund_year_on(on: date, *, region: str) -> int | None:
    """The latest refund year up to this day that has its rows; None if the last few have none."""
    parameters = parameters_for(program="retention-refund", region=region)
    for year in range(on.year, on.year - YEARS_LOOKED_BACK, -1):
        try:
            terms_for(parameters, year)
        except MissingParameter:
            continue
        return year
    return None


# --- pages ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnitClassPage:
    """What a unit's own page shows: its class, what it rests on, whether it can object, and its disputes."""

    unit: Party
    enterprise: Enterprise | None
    record: SizeClassRecord | None
    refund_year: int | None
    has_class: bool
    waiting: SizeDispute | None
    past: Sequence[SizeDispute]
    evidence_days: int


@dataclass(frozen=True, slots=True)
class DisputePage:
    """What both pages of a dispute show."""

    dispute: SizeDispute
    case: Case
    status_label: Label
    letters: Sequence[Letter]
    papers: Sequence[Attachment]
    events: Sequence[TrailLine]
    wants_papers: bool


@dataclass(frozen=True, slots=True)
class OfficerPage:
    """What an officer's page shows beyond it."""

    shown: DisputePage
    party: Party
    code: str
    insured: Sequence[int | None]
    record: SizeClassRecord | None
    proposal: Proposal | None
    may_handle: bool
    may_review: bool


def unit_class_page(unit: Party, *, on: date, law: ParameterBook) -> UnitClassPage:
    """The size class of a unit as its agents see it."""
    enterprise = Enterprise.objects.filter(pk=unit.pk).first()
    if enterprise is None:
        return UnitClassPage(unit, None, None, None, has_class=False, waiting=None, past=(), evidence_days=0)
    from_record = _classes(enterprise, on)
    disputes = list(
        SizeDispute.objects.select_related("case").filter(enterprise=enterprise).order_by("-signed_at")
    )
    return UnitClassPage(
        unit=unit,
        enterprise=enterprise,
        record=from_record,
        refund_year=refund_year_on(on, region=enterprise.region),
        has_class=enterprise.kind == UnitKind.ENTERPRISE,
        waiting=next((one for one in disputes if one.closed_at is None), None),
        past=[one for one in disputes if one.closed_at is not None],
        evidence_days=law.integer("size_class.evidence_days", region=enterprise.region, on=on),
    )


def dispute_of_unit(unit: int, number: str) -> SizeDispute | None:
    """One dispute of a unit, for its agents."""
    return _disputes().filter(enterprise=unit, case__number=number.upper()).first()


def dispute_for_officer(viewer: User, number: str) -> SizeDispute | None:
    """A dispute of the viewer's regions."""
    return in_regions(_disputes(), viewer, "case__region").filter(case__number=number.upper()).first()


def dispute_page(dispute: SizeDispute, *, for_unit: bool = False) -> DisputePage:
    """One dispute. A unit sees what happened, not which officer did it nor what officers wrote each other."""
    case = dispute.case
    events = timeline(case)
    if for_unit:
        events = [
            replace(line, actor_name="", remark="", detail="", tone="")
            for line in events
            if line.verb in SIZE_DISPUTE.verbs and line.verb not in AMONG_OFFICERS
        ]
    return DisputePage(
        dispute=dispute,
        case=case,
        status_label=SIZE_DISPUTE.status_labels[case.status],
        letters=letters_of(case),
        papers=attachments_of(case),
        events=events,
        wants_papers=case.status in WANTS_PAPERS,
    )


def officer_page(dispute: SizeDispute, viewer: User, *, on: date) -> OfficerPage:
    """One dispute beside what is known of the unit."""
    case, unit = dispute.case, dispute.enterprise
    year = InsuredYear.objects.filter(enterprise=unit, year=dispute.refund_year - 1).first()
    proposal = open_proposal(case)
    return OfficerPage(
        shown=dispute_page(dispute),
        party=unit.party,
        code=masked_numbers([unit.pk]).get(unit.pk, ""),
        insured=year.headcounts if year is not None else (),
        record=_classes(unit, on),
        proposal=proposal,
        may_handle=case.status in (EVIDENCE, PROOF) and can(viewer, Action.HANDLE_CASE),
        may_review=case.status == PROPOSED
        and can(viewer, Action.REVIEW_CASE)
        and (proposal is None or proposal.proposed_by_id != viewer.pk),
    )


def _disputes() -> QuerySet[SizeDispute]:
    return SizeDispute.objects.select_related("case", "enterprise__party", "signed_by")


def _classes(unit: Enterprise, on: date) -> SizeClassRecord | None:
    return classes_of([unit.pk], on=on).get(unit.pk)
