"""The units that may sign in, and who signs for each: its legal representative and its registered agent.

Like the people, they follow from the seed and are stored nowhere: a unit has a number, and two people beyond
the population belong to it, so that no claimant is somebody's agent by chance. It must never make a unit that
exists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from sandbox import scenarios
from sandbox.world import Unit, World

REPRESENTATIVE = "LEGAL_REPRESENTATIVE"
AGENT = "AGENT"
ACTIVE = "ACTIVE"
DEREGISTERED = "DEREGISTERED"
OWNER = "OPERATES_BUSINESS"
"""The scenario of people who own a business: of two of them the business may sign in."""
_LOOKED_THROUGH = 3_000
_OTHER_TRADE = {
    "LAW_FIRM_320": {"head": "31", "trade": "律师事务所"},
    "DISPATCH_STATE_BODY": {"trade": "劳务派遣有限公司"},
    # A manufacturer: its class hangs on persons and revenue.
    "CLASS_TRUE": {"trade": "精密制造有限公司"},
    "CLASS_FALSE": {"trade": "精密制造有限公司"},
}
"""Units whose code or trade is not left to chance."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may sign in for units; `ordinal` is the place in the world's walk of numbers."""

    ordinal: int
    name: str
    id_number: str


@dataclass(frozen=True, slots=True)
class RegisteredUnit:
    """A unit as the identity provider of legal persons has it."""

    index: int
    scenario: str
    unit: Unit
    county: str
    status: str
    representative: Principal
    agent: Principal


@dataclass(frozen=True)
class Units:
    """The units of a world, by number from 0."""

    world: World

    @cached_property
    def count(self) -> int:
        """How many units there are."""
        return self.world.units

    @cached_property
    def _named(self) -> tuple[str, ...]:
        return scenarios.named_units()

    @cached_property
    def _owned(self) -> dict[int, int]:
        """The business of an owner, by the owner's ordinal."""
        owners = (at for at, code in enumerate(scenarios.named_people(), start=1) if code == OWNER)
        applying = (at for at, code in enumerate(self._named) if code == "OWNER_APPLIES")
        return dict(zip(owners, applying, strict=False))

    @cached_property
    def _owners(self) -> dict[int, int]:
        return {index: owner for owner, index in self._owned.items()}

    def scenario(self, index: int) -> str:
        """The situation of a unit."""
        if index < len(self._named):
            return self._named[index]
        lot = sha256(f"{self.world.seed}/unit-scenario/{index}".encode()).digest()
        return scenarios.unit_scenario_at(int.from_bytes(lot[:4]) % 1_000)

    def unit(self, index: int) -> RegisteredUnit:
        """The unit with this number. Raises ValueError for an unknown one."""
        if not 0 <= index < self.count:
            raise ValueError(f"no unit {index}")
        scenario, county = self.scenario(index), self.world.county_of_unit(index)
        unit = self.world.unit(index, county, **_OTHER_TRADE.get(scenario, {}))
        owner = self._owners.get(index)
        if owner is not None:
            unit = Unit(self.world.person(owner).businesses[0], unit.code)
        # The agent of a unit of this scenario is that of the unit before: one person for two units.
        agent_of = index - 1 if scenario == "TWO_UNITS" else index
        return RegisteredUnit(
            index=index,
            scenario=scenario,
            unit=unit,
            county=county,
            status=DEREGISTERED if scenario == DEREGISTERED else ACTIVE,
            representative=self.principal(owner or self._first_signatory + 2 * index),
            agent=self.principal(self._first_signatory + 2 * agent_of + 1),
        )

    @property
    def _first_signatory(self) -> int:
        return self.world.size + 1

    def principal(self, ordinal: int) -> Principal:
        """A signatory, or one of the population. Raises ValueError for an ordinal below 1."""
        if ordinal <= self.world.size:
            person = self.world.person(ordinal)
            return Principal(ordinal, person.name, person.id_number)
        return Principal(ordinal, *self.world.signatory(ordinal))

    def signatory_of(self, id_number: str) -> int | None:
        """The ordinal of the signatory with this number, or None."""
        ordinal = self.world.ordinal_of(id_number)
        if ordinal is None or not self._first_signatory <= ordinal < self._first_signatory + 2 * self.count:
            return None
        return ordinal if self.principal(ordinal).id_number == id_number else None

    def held_by(self, ordinal: int) -> list[tuple[RegisteredUnit, str]]:
        """The units for which somebody is registered, with the capacity; none for most of the population."""
        if ordinal in self._owned:
            return [(self.unit(self._owned[ordinal]), REPRESENTATIVE)]
        place, is_agent = divmod(ordinal - self._first_signatory, 2)
        if not 0 <= place < self.count:
            return []
        near = (self.unit(index) for index in (place, place + 1) if index < self.count)
        if is_agent:
            return [(unit, AGENT) for unit in near if unit.agent.ordinal == ordinal]
        return [(unit, REPRESENTATIVE) for unit in near if unit.representative.ordinal == ordinal]

    def with_code(self, code: str) -> RegisteredUnit | None:
        """The unit with this code, or None: its number stands in the code."""
        digits = code[11:16]
        if len(code) != 18 or not (digits.isascii() and digits.isdigit()) or int(digits) >= self.count:
            return None
        found = self.unit(int(digits))
        return found if found.unit.code == code else None

    def listed(self, *, scenario: str = "", after: int = -1, limit: int) -> Iterator[RegisteredUnit]:
        """Units by number, of one scenario if it is named."""
        for index in range(after + 1, self.count):
            if limit <= 0:
                return
            if scenario in ("", self.scenario(index)):
                limit -= 1
                yield self.unit(index)

    def named_like(self, text: str, *, limit: int) -> list[RegisteredUnit]:
        """Units whose name holds a text, among the first few thousand; or the one with this code."""
        exact = self.with_code(text.strip().upper())
        if exact is not None:
            return [exact]
        looked = self.listed(limit=_LOOKED_THROUGH)
        found = (unit for unit in looked if text in unit.unit.name)
        return [unit for unit, _ in zip(found, range(limit), strict=False)]
