"""A sandbox for a test, and somebody who asks it as `docs/wire.md` says, written from that page alone."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3

from sandbox.server import Running, Settings, running
from sandbox.world import Person

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
PRODUCT = "http://127.0.0.1:8000"
KEY = "a key for tests"
PAYER = "6222000000000000001"
PAYER_NAME = "合成失业保险支出户"


@dataclass
class Reply:
    """What came back."""

    status: int
    body: bytes
    headers: urllib3.HTTPHeaderDict

    @property
    def json(self) -> Any:
        """The JSON of the body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json["error"]["code"])


@dataclass
class Asker:
    """Asks one sandbox, at a time of its own choice."""

    server: Running
    now: datetime = NOW
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(timeout=20, retries=False))

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """A request without signature."""
        answer = self.pool.request(
            method, self.server.url + target, body=body or None, headers=headers, redirect=False
        )
        return Reply(answer.status, answer.data, answer.headers)

    def signed(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """A request signed as §1 says."""
        time = self.now.isoformat()
        line = f"{method}\n{target}\n{time}\n{hashlib.sha256(body).hexdigest()}"
        sent = {
            "X-Anye-Time": time,
            "X-Anye-Key": "anye",
            "X-Anye-Signature": hmac.new(KEY.encode(), line.encode(), hashlib.sha256).hexdigest(),
            "Content-Type": kind,
        }
        return self.send(method, target, body, sent | (headers or {}))

    def ask(self, source: str, id_number: str, *, name: str = "某人") -> Reply:
        """One question to a register."""
        subject = {"name": name, "id_kind": "CITIZEN_ID", "id_number": id_number}
        question = {"request_id": "q-1", "asked_at": self.now.isoformat(), "subject": subject}
        return self.signed("POST", f"/registers/{source}", json.dumps(question).encode())

    def result(self, source: str, person: Person) -> dict[str, Any]:
        """What a register says of a person."""
        reply = self.ask(source, person.id_number)
        assert reply.status == 200, reply.body
        found: dict[str, Any] = reply.json["result"]
        return found

    def post(self, target: str, value: object) -> Reply:
        """JSON without signature, as the programs that play a story send it."""
        return self.send("POST", target, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def people(self, query: str) -> list[dict[str, Any]]:
        """The list of people."""
        found: list[dict[str, Any]] = self.send("GET", f"/people?{query}").json
        return found

    def person(self, scenario: str, nth: int = 0) -> Person:
        """A person of a scenario who is free to apply."""
        row = self.people(f"scenario={scenario}&pool=free&limit={nth + 1}")[nth]
        return self.server.application.world.person(row["ordinal"])

    def account(self, person: Person) -> str:
        """The account that the card register names."""
        return str(self.result("card", person)["account_number"])

    # -- the bank -----------------------------------------------------------------------------------------

    def submit(self, number: str, content: bytes, *, charset: str = "gb18030") -> Reply:
        """Send a payment file."""
        return self.signed(
            "POST",
            "/bank/files",
            content,
            kind=f"text/plain; charset={charset}",
            headers={"X-Anye-Batch": number, "X-Anye-Content-SHA256": hashlib.sha256(content).hexdigest()},
        )

    def row(self, person: Person, end_to_end: str, fen: int | str = 198_000, **other: str) -> list[str]:
        """The fields of a row for a person, without kind and number."""
        fields = {
            "end_to_end": end_to_end,
            "account": other.get("account") or self.account(person),
            "name": person.name,
            "last4": person.id_number[-4:],
            "bank_code": person.bank_code,
            "fen": str(fen),
            "purpose": "失业保险金202611",
            "case": "SP20261123-0001",
        }
        return list((fields | other).values())

    def receipts(self, number: str) -> list[dict[str, Any]]:
        """The receipts of a batch."""
        found: list[dict[str, Any]] = self.signed("GET", f"/bank/files/{number}/receipts").json["receipts"]
        return found

    def statement(self, day: str, account: str = "") -> dict[str, Any]:
        """A day's statement, after checking that its sums hold."""
        target = f"/bank/statement?day={day}" + (f"&account={account}" if account else "")
        found: dict[str, Any] = self.signed("GET", target).json
        moved = sum(line["amount_fen"] * (1 if line["direction"] == "C" else -1) for line in found["lines"])
        assert found["opening_fen"] + moved == found["closing_fen"]
        return found


def payment_file(
    number: str,
    rows: list[list[str]],
    *,
    charset: str = "gb18030",
    header: dict[int, str] | None = None,
    trailer: dict[int, str] | None = None,
    payer: str = PAYER,
    payer_name: str = PAYER_NAME,
) -> bytes:
    """A file as §3.1 describes; `header` and `trailer` put other texts at those positions."""
    total = str(sum(int(row[5]) if row[5].isdigit() else 0 for row in rows))
    hashed = str(sum(int(row[1]) for row in rows) % 10**18)
    head = ["H", number, "UB", payer, payer_name, "CNY"]
    head += [str(len(rows)), total, "2026-11-23", "2026-11-23T02:30:00+00:00"]
    tail = ["T", str(len(rows)), total, hashed]
    for fields, changes in ((head, header), (tail, trailer)):
        for position, text in (changes or {}).items():
            fields[position] = text
    lines = [head, *(["D", str(seq), *row] for seq, row in enumerate(rows, start=1)), tail]
    return "".join("|".join(line) + "\r\n" for line in lines).encode(charset)


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    """A sandbox of this test alone, with a few people who come with a claim."""
    settings = Settings("", (), key=KEY)
    with running(
        tmp_path / "sandbox.sqlite3", product=PRODUCT, today=TODAY, people=40, seed=7, settings=settings
    ) as server:
        somebody = Asker(server)
        yield somebody
        somebody.pool.clear()
