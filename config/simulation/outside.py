"""The sandbox of a simulated year over HTTP: its people, their lives, its faults, new cards, the bank's book.

Only what a sandbox has beside the offices' own formats; the product itself asks the registers and the bank.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import urllib3

from config.city_people import Person, Sandbox

TOLD_AT_ONCE = 500
ROWS_A_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class BankRow:
    """One row of a payment file and what became of it, as the bank has it."""

    number: int
    person: int
    batch: str
    name: str
    month: str
    fen: int
    arrived: bool
    booked_at: str
    came_back: bool


class Outside:
    """One sandbox, spoken to by whoever plays the story."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._pool = urllib3.PoolManager(timeout=60, retries=2)

    def people(self, *, limit: int) -> list[Person]:
        """The people of the city, in order."""
        return list(Sandbox(self.url).people(limit=limit))

    def tell_lives(self, lives: Sequence[Mapping[str, object]]) -> None:
        """What will happen to people, beforehand."""
        for start in range(0, len(lives), TOLD_AT_ONCE):
            self._post("/people/lives", {"lives": list(lives[start : start + TOLD_AT_ONCE])})

    def tell_source(self, source: str, mode: str) -> None:
        """Let a source be `down` for everybody, or `auto` again."""
        self._post("/control/fault", {"source": source, "mode": mode})

    def new_card(self, person: Person) -> None:
        """The bank gives a person a new card with another account."""
        self._post("/control/card", {"id_number": person.id_number})

    def book(self) -> Iterator[BankRow]:
        """Every row of every payment file that the bank was ever given."""
        after = 0
        while rows := self._get(f"/payments?after={after}&limit={ROWS_A_PAGE}"):
            for row in rows:
                yield _bank_row(row)
            after = int(rows[-1]["id"])

    def sent_again(self) -> int:
        """How many payment files the bank was sent more often than once."""
        state: dict[str, list[dict[str, int]]] = self._request("GET", "/control/state").json()
        return sum(row["submissions"] > 1 for row in state["files"])

    def _get(self, path: str) -> list[Mapping[str, str]]:
        found: list[Mapping[str, str]] = self._request("GET", path).json()
        return found

    def _post(self, path: str, body: Mapping[str, object]) -> None:
        self._request("POST", path, body)

    def _request(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> urllib3.BaseHTTPResponse:
        sent = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"}
        answer = self._pool.request(method, f"{self.url}{path}", body=sent, headers=headers)
        if answer.status != 200:
            raise RuntimeError(f"the sandbox answered {answer.status} to {path}")
        return answer


def _bank_row(row: Mapping[str, str]) -> BankRow:
    digits = str(row["purpose"])[-6:]
    return BankRow(
        number=int(row["id"]),
        person=int(row["person"] or 0),
        batch=str(row["batch_number"]),
        name=str(row["end_to_end_id"]),
        month=f"{digits[:4]}-{digits[4:]}",
        fen=int(row["amount_fen"]),
        arrived=row["status"] == "S",
        booked_at=str(row["booked_at"]),
        came_back=bool(row["returned_at"]),
    )
