"""From evidence to facts: what the registers, the form and the officers say about one claim.

Turns lookups, the applicant's answers and amendments into the plain values the rule takes, and keeps for
every value where it came from. Decides nothing; reads the database only through what it is handed.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cases.models import Amendment
from claims.models import Claim
from gateways.models import Lookup
from gateways.ports import (
    CardAnswer,
    ElsewhereAnswer,
    IdentityAnswer,
    InsuranceAnswer,
    JusticeAnswer,
    MarketAnswer,
    PensionAnswer,
    SeparationAnswer,
    Source,
)

UNKNOWN = "UNKNOWN"
CONTRADICTED = "X99"

FactValue = str | int | bool | None
Origin = dict[str, str | int]

AMENDABLE: Mapping[str, str] = {
    "separation_reason": "reason",
    "contributed_months": "months",
    "employed": "question",
    "drawing_pension": "question",
    "drawing_elsewhere": "question",
    "imprisoned": "question",
    "deceased": "question",
    "operates_business": "question",
    "agency_competent": "question",
    "identity": "identity",
    "retirement_category": "category",
}
"""Facts an officer may settle, and the kind of value each takes."""

ALL_SOURCES: tuple[Source, ...] = (
    Source.IDENTITY,
    Source.INSURANCE,
    Source.INSURANCE_PROVINCE,
    Source.INSURANCE_NATIONAL,
    Source.SEPARATION,
    Source.PENSION,
    Source.JUSTICE,
    Source.MARKET,
    Source.CARD,
)

FIELDS_OF_SOURCE: Mapping[Source, frozenset[str]] = {
    Source.IDENTITY: frozenset({"identity", "deceased"}),
    Source.INSURANCE: frozenset({"contributed_months", "employed", "agency_competent"}),
    Source.INSURANCE_PROVINCE: frozenset({"employed"}),
    Source.INSURANCE_NATIONAL: frozenset({"employed", "drawing_elsewhere"}),
    Source.SEPARATION: frozenset({"separation_reason"}),
    Source.PENSION: frozenset({"drawing_pension", "retirement_category"}),
    Source.JUSTICE: frozenset({"imprisoned"}),
    Source.MARKET: frozenset({"operates_business"}),
    Source.CARD: frozenset({"card_account"}),
}
"""What stays unknown while a register is silent."""


@dataclass(frozen=True)
class Evidence:
    """The answered lookups of one claim by source, newest first choice already made."""

    lookups: Mapping[Source, Lookup]

    def origin(self, source: Source) -> Origin:
        """The provenance entry of one register, for the determination and the pages."""
        lookup = self.lookups.get(source)
        if lookup is None or lookup.answered_at is None:
            return {"source": source.value}
        return {"source": source.value, "lookup": lookup.pk, "at": lookup.answered_at.isoformat()}

    def identity(self) -> IdentityAnswer | None:
        """The police register's answer, or None while it has not answered."""
        reply = self._reply(Source.IDENTITY)
        return reply if isinstance(reply, IdentityAnswer) else None

    def insurance(self) -> InsuranceAnswer | None:
        """The city's insurance core system."""
        reply = self._reply(Source.INSURANCE)
        return reply if isinstance(reply, InsuranceAnswer) else None

    def elsewhere(self, source: Source) -> ElsewhereAnswer | None:
        """Insurance in the province or in the country."""
        reply = self._reply(source)
        return reply if isinstance(reply, ElsewhereAnswer) else None

    def separation(self) -> SeparationAnswer | None:
        """The employer's report of the end of work."""
        reply = self._reply(Source.SEPARATION)
        return reply if isinstance(reply, SeparationAnswer) else None

    def pension(self) -> PensionAnswer | None:
        """The pension file."""
        reply = self._reply(Source.PENSION)
        return reply if isinstance(reply, PensionAnswer) else None

    def justice(self) -> JusticeAnswer | None:
        """The justice register."""
        reply = self._reply(Source.JUSTICE)
        return reply if isinstance(reply, JusticeAnswer) else None

    def market(self) -> MarketAnswer | None:
        """The market register."""
        reply = self._reply(Source.MARKET)
        return reply if isinstance(reply, MarketAnswer) else None

    def card(self) -> CardAnswer | None:
        """The account of the social-security card."""
        reply = self._reply(Source.CARD)
        return reply if isinstance(reply, CardAnswer) else None

    def _reply(self, source: Source) -> object | None:
        lookup = self.lookups.get(source)
        return None if lookup is None or lookup.answered_at is None else lookup.reply()


@dataclass(frozen=True)
class EarlierSpell:
    """A spell that this office granted before: the number of its claim, and the months not used of it."""

    number: str
    months_left: int


def answer(value: bool | None) -> str:
    """YES, NO or UNKNOWN for a register's yes/no answer; None is a register that does not know."""
    if value is None:
        return UNKNOWN
    return "YES" if value else "NO"


def sex_and_birth(id_number: str) -> tuple[str, date]:
    """Sex and birth date as the 18-digit number states them (GB 11643: digits 7 to 14, parity of 17)."""
    birth = date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    return ("M" if int(id_number[16]) % 2 else "F"), birth


def separation_reason(report: SeparationAnswer | None, claimed: str, known: Container[str]) -> str:
    """The reason the rule sees: the employer's, contradicted by the applicant, or not known."""
    if report is None or not report.reported or report.reason_code not in known:
        return UNKNOWN
    if claimed and claimed != report.reason_code:
        return CONTRADICTED
    return report.reason_code


def assemble(
    *,
    claim: Claim,
    name: str,
    id_number: str,
    evidence: Evidence,
    amendments: Sequence[Amendment],
    known_reasons: Container[str],
    known_counties: Container[str],
    earlier: EarlierSpell | None = None,
) -> tuple[dict[str, FactValue], dict[str, list[Origin]]]:
    """The rule's facts in the form of the command line's contract, and the origins of each.

    `amendments` are in order of time; a later one of a field replaces an earlier one. An amendment comes
    before a register, a register before the applicant's answer; our own `earlier` spell before the register.
    A reason or county that the law in force does not know is an answer nobody can use: left to a person.
    """
    insurance, national = evidence.insurance(), evidence.elsewhere(Source.INSURANCE_NATIONAL)
    identity, pension = evidence.identity(), evidence.pension()
    card, justice, market = evidence.card(), evidence.justice(), evidence.market()
    sex, birth = _sex_and_birth(identity, id_number)
    facts: dict[str, FactValue] = {
        "applied_on": claim.applied_on.isoformat(),
        "birth_date": birth.isoformat(),
        "sex": sex,
        "retirement_category": pension.category if pension is not None and sex == "F" else None,
        "contributed_months": _months(insurance),
        "deemed_months": insurance.deemed_months if insurance is not None else 0,
        "had_previous_spell": insurance.had_previous_spell if insurance is not None else False,
        "residual_months": insurance.residual_months if insurance is not None else 0,
        "separation_reason": separation_reason(evidence.separation(), claim.claimed_reason, known_reasons),
        "employed": _employed(insurance, evidence.elsewhere(Source.INSURANCE_PROVINCE), national),
        "drawing_pension": answer(None if pension is None else pension.drawing),
        "drawing_elsewhere": answer(None if national is None else national.drawing),
        "imprisoned": answer(None if justice is None else justice.imprisoned),
        "deceased": answer(None if identity is None else identity.deceased),
        "operates_business": answer(None if market is None else market.operates),
        "agency_competent": answer(None if insurance is None else insurance.competent),
        "identity": _identity(identity, name),
        "card_account": UNKNOWN if card is None else card.status,
        "paying_county": (
            insurance.county if insurance is not None and insurance.county in known_counties else claim.county
        ),
    }
    origins = _origins(evidence)
    if earlier is not None:
        facts |= _after(earlier)
        own: list[Origin] = [{"source": "OWN_SPELL", "claim": earlier.number}]
        origins |= {"had_previous_spell": own, "residual_months": own, "deemed_months": own}
    for amendment in amendments:
        facts[amendment.field] = _typed(amendment.field, amendment.value)
        origins[amendment.field] = [
            {
                "source": "OFFICER",
                "amendment": amendment.pk,
                "at": amendment.at.isoformat(),
            }
        ]
    return facts, origins


def _sex_and_birth(identity: IdentityAnswer | None, id_number: str) -> tuple[str, date]:
    if identity is not None and identity.found and identity.birth_date is not None and identity.sex:
        return identity.sex, identity.birth_date
    return sex_and_birth(id_number)


def _after(earlier: EarlierSpell) -> dict[str, FactValue]:
    """What our own books say before the core system: how much of the earlier spell was used.

    Which months of the core system's count that spell has consumed, only a person can tell as long as that
    system is not told of our grants.
    """
    return {
        "had_previous_spell": True,
        "residual_months": earlier.months_left,
        "contributed_months": UNKNOWN,
        "deemed_months": 0,
    }


def _months(insurance: InsuranceAnswer | None) -> FactValue:
    if insurance is None or insurance.contributed_months is None:
        return UNKNOWN
    return insurance.contributed_months


def _employed(
    city: InsuranceAnswer | None, province: ElsewhereAnswer | None, national: ElsewhereAnswer | None
) -> str:
    """YES as soon as one place says so; NO only when all three have answered."""
    known = [reply.active for reply in (city, province, national) if reply is not None]
    if any(known):
        return "YES"
    return "NO" if len(known) == 3 else UNKNOWN


def _identity(identity: IdentityAnswer | None, name: str) -> str:
    if identity is None:
        return UNKNOWN
    return "MATCH" if identity.found and identity.name == name else "MISMATCH"


def _typed(field: str, value: str) -> FactValue:
    """An amendment's text in the type the rule takes."""
    match AMENDABLE.get(field):
        case "months":
            return int(value)
        case "category":
            return value or None
        case _:
            return value


def _origins(evidence: Evidence) -> dict[str, list[Origin]]:
    """Which register each field rests on, answered or not."""
    one = evidence.origin
    insured = [
        one(Source.INSURANCE),
        one(Source.INSURANCE_PROVINCE),
        one(Source.INSURANCE_NATIONAL),
    ]
    core = [one(Source.INSURANCE)]
    form: list[Origin] = [{"source": "FORM"}]
    return {
        "applied_on": form,
        "birth_date": [one(Source.IDENTITY)],
        "sex": [one(Source.IDENTITY)],
        "retirement_category": [one(Source.PENSION)],
        "contributed_months": core,
        "deemed_months": core,
        "had_previous_spell": core,
        "residual_months": core,
        "separation_reason": [one(Source.SEPARATION), *form],
        "employed": insured,
        "drawing_pension": [one(Source.PENSION)],
        "drawing_elsewhere": [one(Source.INSURANCE_NATIONAL)],
        "imprisoned": [one(Source.JUSTICE)],
        "deceased": [one(Source.IDENTITY)],
        "operates_business": [one(Source.MARKET)],
        "agency_competent": core,
        "identity": [one(Source.IDENTITY)],
        "card_account": [one(Source.CARD)],
        "paying_county": core,
    }
