"""One person's claim played through the running site: form, registers, law, batch, signatures, bank, books.

Everything is done as people do it, over HTTP, and by the site's own workers; the database is only read, to
compare three views of the same money. It must never do a step that a page or a worker should do.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3

import gateways.services
from config.celery import app
from config.visitor import Form, Page, UnexpectedPage, Visitor
from gateways.services import Unavailable
from law.money import Fen, parse_yuan
from law.workdays import legal_day
from payouts.models import Payment, Transfer

CODE_SECONDS = 30
PATIENCE_SECONDS = 180
LOOK_EVERY_SECONDS = 1.0
PEOPLE_TRIED = 20
APPROVED = "已经批准，等发第一笔"
PAID = "钱已到账"
Clock = Callable[[], datetime]
Tell = Callable[[str], None]


class PlayStopped(Exception):
    """The play cannot go on; says at which step and what to do. Safe to show."""


@dataclass(frozen=True)
class Views:
    """The same money in three books, in fen; None where a book does not show it."""

    bank: Fen | None
    ledger: Fen | None
    citizen: Fen | None

    @property
    def are_equal(self) -> bool:
        """Whether all three know the money and agree."""
        return self.bank is not None and self.bank == self.ledger == self.citizen


class Play:
    """The stage: addresses, accounts and a clock."""

    def __init__(self, *, demo_file: Path, clock: Clock, tell: Tell) -> None:
        """Raises PlayStopped when the site is not running."""
        try:
            self.demo: dict[str, Any] = json.loads(demo_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise PlayStopped("The site is not running here: start it with ./run and try again.") from None
        self.base_url: str = self.demo["base_url"]
        self.sandbox_url: str = self.demo["sandbox_url"]
        self.clock = clock
        self.tell = tell
        self._pool = urllib3.PoolManager(timeout=30, retries=1)
        self._used_steps: dict[str, int] = {}

    def run(self) -> Views:
        """Play it all; returns the three views of the money. Raises PlayStopped, UnexpectedPage."""
        citizen, number, address = self._claim()
        self.tell(f"{number}: submitted; the registration is in force")
        self._wait_for(citizen, address, APPROVED, "the claim to be verified and granted")
        self.tell("every register answered, the law granted, the machine signed")
        batch = self._seal()
        self.tell(f"{batch.rsplit('/', 2)[-2]}: batch sealed by a handler")
        self._sign(batch)
        self.tell("total retyped and signed by a reviewer with a one-time code")
        page = self._wait_for(citizen, address, PAID, "the money to reach the card")
        self.tell("the bank's receipt has come: the money is on the card")
        self._reconcile(number)
        self.tell("the bank's statement and the ledger agree")
        return self._views(number, page)

    def _claim(self) -> tuple[Visitor, str, str]:
        """Sign a person in and apply; one who has applied on his own meanwhile is passed over."""
        for _attempt in range(PEOPLE_TRIED):
            person = self._choose()
            citizen = self._sign_in_citizen(person)
            page = citizen.get("/apply/")
            if "/claims/" not in page.url:
                number, address = self._apply(citizen, page, person)
                return citizen, number, address
        raise PlayStopped("Everybody asked has a claim already: start anew with ./run --fresh.")

    def _choose(self) -> Mapping[str, Any]:
        """A synthetic person nobody has used; marked as used at once, so that the next play takes another."""
        found = self._json("GET", "/people?scenario=CLEAN&available=1&limit=1")
        if not isinstance(found, list) or not found:
            raise PlayStopped("The sandbox has no unused person left: start anew with ./run --fresh.")
        person: Mapping[str, Any] = found[0]
        self._json("POST", "/people/claimed", {"id_number": person["id_number"]})
        self.tell(f"a synthetic person of scenario CLEAN claims ({person['name']})")
        return person

    def _json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> object:
        try:
            answer = self._pool.request(method, f"{self.sandbox_url}{path}", json=body)
        except urllib3.exceptions.HTTPError as trouble:
            raise PlayStopped(f"The sandbox at {self.sandbox_url} does not answer: is ./run up?") from trouble
        return answer.json()

    def _sign_in_citizen(self, person: Mapping[str, Any]) -> Visitor:
        visitor = Visitor(base_url=self.base_url)
        page = visitor.get("/sign-in/")
        onward = next((link for link in page.links if link.rstrip("/").endswith("/sign-in/citizen")), None)
        if onward is None:
            page = visitor.submit(page.form_to("/sign-in/citizen/"), {})
        else:
            page = visitor.get(onward)
        form = page.form_with("id_number")
        answers = {"id_number": str(person["id_number"])}
        if "name" in form.names:
            answers["name"] = str(person["name"])
        page = visitor.submit(form, answers)
        if not page.url.startswith(self.base_url):
            raise UnexpectedPage(f"the identity provider did not send the person back: {page.heading}")
        return visitor

    def _apply(self, citizen: Visitor, page: Page, person: Mapping[str, Any]) -> tuple[str, str]:
        """Fill in the form; returns the case number and the address of the tracker."""
        answers = {
            "mobile": str(person["mobile"]),
            "district": str(person["county"]),
            "train": "yes",
            "job": "LOGISTICS",
            "truth": "on",
        }
        page = citizen.submit(page.form_with("submission_id"), answers, leave_out="save")
        found = re.search(r"/claims/([A-Z]{2}\d{8}-\d+)/$", page.url)
        if found is None:
            raise UnexpectedPage(f"the form was not taken: {page.status} {page.heading}")
        return found.group(1), page.url

    def _wait_for(self, citizen: Visitor, address: str, heading: str, what: str) -> Page:
        until = time.monotonic() + PATIENCE_SECONDS
        page = citizen.get(address)
        while page.heading != heading:
            if time.monotonic() > until:
                raise PlayStopped(
                    f"Waited {PATIENCE_SECONDS} s for {what}; the page says: {page.heading}. "
                    "Look at the worker's log, then run the demo again."
                )
            time.sleep(LOOK_EVERY_SECONDS)
            page = citizen.get(address)
        return page

    def _officer(self, role: str) -> Mapping[str, str]:
        found = [account for account in self.demo["staff"] if account["role"] == role]
        if not found:
            raise PlayStopped(f"demo.json names nobody with the role {role}.")
        officer: Mapping[str, str] = found[0]
        return officer

    def _sign_in_officer(self, role: str) -> Visitor:
        officer = self._officer(role)
        visitor = Visitor(base_url=self.base_url)
        page = visitor.get("/staff/sign-in/")
        answers = {"login": officer["username"], "password": officer["password"]}
        page = visitor.submit(page.form_with("login"), answers)
        page = visitor.submit(page.form_with("code"), {"code": self._code(officer)})
        if "/staff/sign-in" in page.url:
            raise UnexpectedPage(f"{officer['username']} was not let in: {page.heading}")
        return visitor

    def _code(self, officer: Mapping[str, str]) -> str:
        """A one-time code that has not been used in this play: a code counts once."""
        secret, last = officer["totp_secret"], self._used_steps.get(officer["username"], 0)
        step = max(int(time.time()) // CODE_SECONDS, last + 1)
        while step > int(time.time()) // CODE_SECONDS + 1:
            time.sleep(LOOK_EVERY_SECONDS)
        self._used_steps[officer["username"]] = step
        return one_time_code(secret, step)

    def _seal(self) -> str:
        """A handler makes a batch of what is owed; waits for the worker that writes what is owed."""
        handler = self._sign_in_officer("HANDLER")
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            page = handler.get("/batches/")
            form = _form_to(page, "/batches/new/")
            if form is not None:
                page = handler.submit(form, {})
                if re.search(r"/batches/[A-Z]{2}\d{8}-\d+/$", page.url):
                    return page.url
            if time.monotonic() > until:
                raise PlayStopped(f"Nothing became payable in {PATIENCE_SECONDS} s: see the worker's log.")
            time.sleep(LOOK_EVERY_SECONDS)

    def _sign(self, batch: str) -> None:
        reviewer = self._sign_in_officer("REVIEWER")
        page = reviewer.get(batch)
        form = page.form_to("/sign/")
        total = re.search(r"合计</dt><dd>([\d,]+\.\d\d)<i>", page.text)
        if total is None:
            raise UnexpectedPage(f"the batch page shows no total: {page.heading}")
        answers = {
            "total": total.group(1),
            "code": self._code(self._officer("REVIEWER")),
            "seen": "on",
        }
        page = reviewer.submit(form, answers)
        if _form_to(page, "/sign/") is not None:
            raise UnexpectedPage(f"the signature was not taken: {page.status} {page.heading}")

    def _reconcile(self, number: str) -> None:
        """Have the worker compare now what it compares every few minutes, and wait until it has."""
        app.send_task("payouts.tasks.reconcile")
        until = time.monotonic() + PATIENCE_SECONDS
        while not _is_reconciled(number):
            if time.monotonic() > until:
                raise PlayStopped("The statement was not compared in time: see the worker's log.")
            time.sleep(LOOK_EVERY_SECONDS)

    def _views(self, number: str, page: Page) -> Views:
        payment = Payment.objects.get(obligation__case__number=number, settled_at__isnull=False)
        ledger = Transfer.objects.filter(payment=payment, kind="DEBITED").values_list("amount_fen", flat=True)
        now = self.clock()
        try:
            statement = gateways.services.fetch_statement(day=legal_day(now), now=now)
        except Unavailable as trouble:
            raise PlayStopped(f"The bank gives no statement: {trouble}") from trouble
        bank: Sequence[int] = [
            line.amount_fen
            for line in statement.lines
            if line.end_to_end_id == payment.end_to_end_id and line.direction == "D"
        ]
        shown = re.search(r"([\d,]+\.\d\d) 元已经到您的社保卡", page.text)
        return Views(
            bank=Fen(sum(bank)) if bank else None,
            ledger=Fen(sum(ledger)) if ledger else None,
            citizen=parse_yuan(shown.group(1)) if shown else None,
        )


def _form_to(page: Page, ending: str) -> Form | None:
    try:
        return page.form_to(ending)
    except UnexpectedPage:
        return None


def _is_reconciled(number: str) -> bool:
    """Whether the statement's debit of the claim's payment stands in the ledger."""
    return Transfer.objects.filter(
        payment__obligation__case__number=number, kind="DEBITED", statement_line__isnull=False
    ).exists()


def one_time_code(secret: str, step: int) -> str:
    """The six digits an authenticator shows for a time step (RFC 6238, SHA-1, 30 s)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"
