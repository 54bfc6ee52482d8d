"""The identity provider of legal persons: who signs in for which units, as registered there.

The protocol is that of `sandbox.identity`; only the claims differ. Every unit that the person is registered
for is named in each answer, so that the asker sees at once who is registered no longer. It must never say
anything of a delegation: those are the product's own.
"""

from hashlib import sha256

from sandbox.identity import IdentityProvider
from sandbox.units import Units
from sandbox.wire import Json
from sandbox.world import CITIZEN_ID


class UnitIdentityProvider(IdentityProvider):
    """The provider at which one signs in for a unit."""

    realm = "unit"
    claims_supported = ("sub", "name", "id_kind", "id_number", "units")

    def claims(self, person: int) -> Json:
        """Who this is, and all units they are registered for."""
        units = Units(self.world)
        known = units.principal(person)
        return {
            "sub": sha256(f"{self.world.seed}/unit-subject/{known.id_number}".encode()).hexdigest()[:32],
            "name": known.name,
            "id_kind": CITIZEN_ID,
            "id_number": known.id_number,
            "units": [
                {
                    "code": held.unit.code,
                    "name": held.unit.name,
                    "capacity": capacity,
                    "status": held.status,
                }
                for held, capacity in units.held_by(person)
            ],
        }
