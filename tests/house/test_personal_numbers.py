"""No personal number leaves its encrypted column, whatever is played.

Six people's claims are played through pages, workers and bank, with mistakes on the way. Then everything that
was written anywhere is searched for their identity numbers, accounts and mobile numbers: every table, the
trail, messages and the access log among them, every log line, every address, what lay in the broker and in
the cache, and (identity and account numbers) every page that was shown.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import pytest
import redis
import time_machine
import urllib3
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client, TestCase
from django.urls import reverse

from accounts.models import API_SCOPES, Access, Mandate, User
from accounts.selectors import machine
from accounts.services import create_client
from cases.models import Case, Event, Message
from claims import kinds
from claims.models import Claim
from config.celery import app
from law.money import Fen, yuan_grouped
from payouts import kinds as money
from payouts.models import Batch, ReturnedPayment
from sandbox.units import Principal
from sandbox.world import Person
from tests.factories import CITY, NOW, PAPER, PASSWORD, TOTP_SECRET, City
from tests.house.broker import Sent, do, taken, tasks

ADDRESSES = re.compile(r"(?:href|action|src|formaction|hx-get|hx-post)=[\"']([^\"']*)[\"']")
SCENARIOS = (
    "CLEAN",
    "STILL_EMPLOYED",
    "SEPARATION_DISPUTED",
    "SOURCE_DOWN",
    "CARD_CLOSED",
    "PAYMENT_RETURNED_LATER",
)
SWEEPS = (
    "claims.tasks.sweep_unverified",
    "claims.tasks.accrue_current_month",
    "payouts.tasks.submit_approved",
    "payouts.tasks.fetch_receipts",
    "payouts.tasks.reconcile",
    "claims.tasks.follow_payments",
    "gateways.tasks.send_messages",
)

pytestmark = pytest.mark.django_db


@dataclass
class Record:
    """Everything that was seen while the play ran."""

    addresses: list[str] = field(default_factory=list)
    pages: list[tuple[str, str]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)


class Browser:
    """One person's browser: sends forms, follows nothing by itself, and notes what it saw."""

    def __init__(self, record: Record) -> None:
        self.client = Client()
        self.record = record

    def get(self, address: str) -> HttpResponseBase:
        return self._seen(address, self.client.get(address))

    def post(self, address: str, **answers: str | SimpleUploadedFile) -> HttpResponseBase:
        """Send a form; what it wakes goes to the broker, as at the end of a real request."""
        with TestCase.captureOnCommitCallbacks(execute=True):
            answer = self.client.post(address, answers)
        return self._seen(address, answer)

    def _seen(self, address: str, answer: HttpResponseBase) -> HttpResponseBase:
        assert answer.status_code < 500
        self.record.addresses += [address, str(answer.headers.get("Location", ""))]
        if not answer.streaming and not answer.headers.get("Content-Type", "").startswith("application/pdf"):
            text = unescape(getattr(answer, "content", b"").decode(errors="replace"))
            self.record.pages.append((address, text))
            self.record.addresses += ADDRESSES.findall(text)
        return answer


@dataclass
class Play:
    """The stage: a city, its people, a worker, and the clock."""

    city: City
    record: Record = field(default_factory=Record)
    people: dict[str, Person] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    principal: Principal | None = None

    # --- people -------------------------------------------------------------------------------------------

    def citizen(self, scenario: str) -> Browser:
        """The browser of the person of a scenario, signed in at the real identity provider."""
        if scenario not in self.browsers:
            person = self.people[scenario] = self.city.person(scenario)
            browser = self.browsers[scenario] = Browser(self.record)
            back = browser.get(self._authorized(browser, person))
            assert back.status_code == 302, back
        return self.browsers[scenario]

    def _authorized(
        self, browser: Browser, person: Person | Principal, start: str = "/sign-in/citizen/"
    ) -> str:
        """Answer the provider's page as this person; where it sends the browser back to."""
        away = urlsplit(str(browser.get(start).headers["Location"]))
        fields = dict(parse_qsl(away.query)) | {"id_number": person.id_number}
        answer = urllib3.request(
            "POST",
            f"{away.scheme}://{away.netloc}{away.path}",
            body=urlencode(fields),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            redirect=False,
        )
        assert answer.status in (302, 303), answer.data
        return str(answer.headers["Location"]).removeprefix("http://testserver")

    def agent(self) -> Browser:
        """The browser of a unit's registered agent, signed in at the provider of legal persons."""
        if self.principal is None:
            self.principal = self.city.box.application.units.unit(0).agent
            browser = self.browsers["agent"] = Browser(self.record)
            assert browser.get(self._authorized(browser, self.principal, "/sign-in/unit/")).status_code == 302
        return self.browsers["agent"]

    def officer(self, user: User) -> Browser:
        """The browser of an officer, signed in with password and one-time code."""
        if user.username not in self.browsers:
            browser = self.browsers[user.username] = Browser(self.record)
            browser.post(reverse("staff-sign-in"), login=user.username, password="not the password at all")
            browser.post(reverse("staff-sign-in"), login=user.username, password=PASSWORD)
            done = browser.post(reverse("mfa_authenticate"), code=code_now())
            assert done.status_code == 302
            assert browser.get(reverse("queue")).status_code == 200
        return self.browsers[user.username]

    # --- the machine --------------------------------------------------------------------------------------

    def work(self) -> None:
        """The workers do what was sent to them, and all that the timetable finds."""
        with TestCase.captureOnCommitCallbacks(execute=True):
            for sent in taken():
                self.record.sent.append(sent)
                do(sent)
            for sweep in SWEEPS:
                app.send_task(sweep)
            for sent in taken():
                self.record.sent.append(sent)
                do(sent)

    # --- acts ---------------------------------------------------------------------------------------------

    def apply(self, scenario: str) -> Claim:
        """Fill in the form: first wrong, then half, then whole, then twice."""
        browser = self.citizen(scenario)
        person = self.people[scenario]
        browser.get(reverse("apply"))
        answers = {
            "submission_id": f"00000000-0000-4000-8000-{person.ordinal:012d}",
            "mobile": person.mobile,
            "district": person.county,
            "street": "中山路 1 号",
            "job": "LOGISTICS",
            "train": "yes",
            "claimed_reason": person.says_reason if scenario == "SEPARATION_DISPUTED" else "",
            # People write such things where they should not.
            "wrong": f"我的身份证是 {person.id_number}，电话 {person.mobile}。" if person.says_reason else "",
            "truth": "on",
        }
        assert browser.post(reverse("apply"), **{**answers, "mobile": person.mobile[:-1]}).status_code == 422
        browser.post(reverse("apply"), **answers, save="1")
        for _ in range(2):
            assert browser.post(reverse("apply"), **answers).status_code == 302
        self.work()
        claim = Claim.objects.select_related("case").get(party__identifiers__masked=masked(person))
        for page in (reverse("my"), tracker(claim), reverse("apply"), reverse("home")):
            browser.get(page)
        return claim

    def decide(self, claim: Claim, act: str, **facts: str) -> None:
        """A handler proposes, a reviewer signs; the wrong people try first."""
        handler, reviewer = self.city.staff.handlers[0], self.city.staff.reviewers[0]
        number = {"number": claim.case.number}
        desk = self.officer(handler)
        desk.get(reverse("case-claim", kwargs=number))
        desk.post(reverse("claim-review", kwargs=number), decision="agree")
        desk.post(reverse("claim-propose", kwargs=number), act=act, evidence="OFFICE", why="")
        desk.post(
            reverse("claim-propose", kwargs=number), act=act, evidence="OFFICE", why="已电话核实。", **facts
        )
        second = self.officer(reviewer)
        second.get(reverse("case-claim", kwargs=number))
        second.post(reverse("claim-review", kwargs=number), decision="agree", remark="")
        self.work()

    def pay(self) -> Batch:
        """Seal, sign, send, receive, reconcile."""
        maker, checker = self.city.staff.handlers[0], self.city.staff.reviewers[0]
        desk = self.officer(maker)
        desk.get(reverse("batches"))
        desk.post(reverse("batch-make"), region=CITY)
        batch = Batch.objects.select_related("case").order_by("-pk")[0]
        number = {"number": batch.number}
        desk.get(reverse("case-batch", kwargs=number))
        second = self.officer(checker)
        total = yuan_grouped(Fen(batch.total_fen))
        second.post(reverse("batch-sign", kwargs=number), total="1", code="123456", seen="on")
        second.post(reverse("batch-sign", kwargs=number), total=total, code=code_now(steps=1), seen="on")
        self.work()
        second.get(reverse("case-batch", kwargs=number))
        return Batch.objects.select_related("case").get(pk=batch.pk)


def code_now(*, steps: int = 0) -> str:
    """What the telephone of every officer shows, or will show `steps` half minutes from now."""
    return str(format_hotp_value(hotp_value(TOTP_SECRET, int(time.time()) // 30 + steps)))


def masked(person: Person) -> str:
    return f"{person.id_number[:4]}{'*' * 10}{person.id_number[-4:]}"


def tracker(claim: Claim) -> str:
    return reverse("claim", kwargs={"number": claim.case.number})


def status_of(claim: Claim) -> str:
    return Case.objects.get(pk=claim.pk).status


def play(city: City) -> Play:
    """Six claims, a batch, a payment that comes back. Asserts that the play went as it should."""
    stage = Play(city)
    claims = {scenario: stage.apply(scenario) for scenario in SCENARIOS}
    assert {scenario: status_of(claim) for scenario, claim in claims.items()} == {
        "CLEAN": kinds.APPROVED,
        "STILL_EMPLOYED": kinds.REVIEW1,
        "SEPARATION_DISPUTED": kinds.REVIEW1,
        "SOURCE_DOWN": kinds.AUTO_CHECK,
        "CARD_CLOSED": kinds.APPROVED,
        "PAYMENT_RETURNED_LATER": kinds.APPROVED,
    }
    stage.decide(claims["STILL_EMPLOYED"], "refuse")
    assert status_of(claims["STILL_EMPLOYED"]) == kinds.REJECTED
    come_again(stage, claims["STILL_EMPLOYED"])
    delegate(stage)
    ask_for_papers(stage, claims["SEPARATION_DISPUTED"])
    stage.decide(claims["SEPARATION_DISPUTED"], "grant", **{"fact-separation_reason": "W01"})
    closed = stage.citizen("CARD_CLOSED")
    closed.post(reverse("claim-check-card", kwargs={"number": claims["CARD_CLOSED"].case.number}))
    closed.post(reverse("claim-ask-for-person", kwargs={"number": claims["CARD_CLOSED"].case.number}))
    assert status_of(claims["STILL_EMPLOYED"]) == kinds.REVIEW1
    assert status_of(claims["SEPARATION_DISPUTED"]) == kinds.APPROVED
    batch = stage.pay()
    assert batch.case.status == money.RECONCILED
    assert status_of(claims["CLEAN"]) == kinds.PAYING
    return stage


def delegate(stage: Play) -> None:
    """An agent delegates to one of the people: first under a wrong name, then twice; and takes it back."""
    browser, person = stage.agent(), stage.people["CLEAN"]
    assert browser.get(reverse("units")).status_code == 200
    unit = {"unit": str(Mandate.objects.get().unit_id)}
    for name, status in (("别人", 422), (person.name, 302), (person.name, 422)):
        sent = browser.post(reverse("unit-delegate", kwargs=unit), name=name, id_number=person.id_number)
        assert sent.status_code == status
    browser.get(reverse("unit", kwargs=unit))
    key = str(Mandate.objects.get(capacity="DELEGATE").pk)
    assert browser.post(reverse("unit-mandate-end", kwargs={**unit, "key": key})).status_code == 302
    browser.get(reverse("unit", kwargs=unit))


def come_again(stage: Play, claim: Claim) -> None:
    """The refused person reads the letter, brings new evidence that says too much; a machine reads it all."""
    person, browser = stage.people["STILL_EMPLOYED"], stage.citizen("STILL_EMPLOYED")
    for letter in claim.case.letters.all():
        number = {"number": claim.case.number, "key": str(letter.pk)}
        assert browser.get(reverse("claim-letter", kwargs=number)).status_code == 200
        browser.get(reverse("claim-letter-pdf", kwargs=number))
    paper = SimpleUploadedFile(f"{person.id_number}.png", PAPER.content, content_type="image/png")
    number = {"number": claim.case.number}
    browser.post(reverse("claim-reopen", kwargs=number), why=f"电话 {person.mobile}", papers=paper)
    stage.work()
    kept = claim.case.attachments.get()
    desk = stage.officer(stage.city.staff.handlers[0])
    desk.get(reverse("claim-paper", kwargs={**number, "key": str(kept.pk)}))
    registered, secret = create_client(name="稽核机构", scopes=API_SCOPES, actor=machine(), now=NOW)
    robot = Browser(stage.record)
    answer = robot.client.post(
        reverse("api-token"),
        {"grant_type": "client_credentials", "client_id": registered.id, "client_secret": secret},
    )
    robot.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['access_token']}"
    assert robot.get(reverse("api-determinations")).status_code == 200


def ask_for_papers(stage: Play, claim: Claim) -> None:
    """A notice of what is missing, and an answer that says too much."""
    number = {"number": claim.case.number}
    person = stage.people["SEPARATION_DISPUTED"]
    desk = stage.officer(stage.city.staff.handlers[0])
    desk.post(reverse("claim-propose", kwargs=number), act="supplement", why="请补充解除劳动合同证明。")
    assert status_of(claim) == kinds.SUPPLEMENT
    browser = stage.citizen("SEPARATION_DISPUTED")
    browser.get(tracker(claim))
    browser.post(
        reverse("claim-answer-papers", kwargs=number), answer=f"证明已寄出，我的电话 {person.mobile}"
    )
    stage.work()
    assert status_of(claim) == kinds.REVIEW1


def after_the_return(stage: Play) -> None:
    """Six days later the money comes back; an officer asks the card register and proposes to pay again."""
    stage.work()
    returned = ReturnedPayment.objects.select_related("case").get()
    number = {"number": returned.case.number}
    stage.browsers.clear()
    desk = stage.officer(stage.city.staff.handlers[0])
    for page in ("case-returned", "case"):
        desk.get(reverse(page, kwargs=number))
    desk.post(reverse("returned-card", kwargs=number))
    desk.post(reverse("returned-pay-again", kwargs=number), reason="本人已到银行激活。")
    second = stage.officer(stage.city.staff.reviewers[0])
    second.post(reverse("returned-decide", kwargs=number), agreed="yes", remark="")
    stage.work()
    tasks()["cases.tasks.seal_day"]()


# --- the search -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Secrets:
    """The numbers nobody may find, each with a name that does not repeat it."""

    numbers: Mapping[str, str]

    def found_in(self, text: str) -> list[str]:
        """Names of the numbers that stand in a text, as they are or as part of an address."""
        return sorted({name for name, number in self.numbers.items() if number in text})

    def only(self, *whats: str) -> Secrets:
        """Those of some sorts."""
        return Secrets({name: number for name, number in self.numbers.items() if name.split()[-1] in whats})


def secrets_of(stage: Play) -> Secrets:
    numbers = {}
    for scenario, person in stage.people.items():
        numbers[f"{scenario} id"] = person.id_number[:17]
        numbers[f"{scenario} account"] = stage.city.account_of(person)
        numbers[f"{scenario} mobile"] = person.mobile
    assert stage.principal is not None
    numbers["agent id"] = stage.principal.id_number[:17]
    return Secrets(numbers)


@dataclass
class Played:
    """The play when it is over, with all that was logged."""

    stage: Play
    secrets: Secrets
    log: list[str]


class _Keeper(logging.Handler):
    """Keeps every record as text, its arguments and its traceback too, before any masking."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)} {record.args!r}")


@contextmanager
def everything_logged(keeper: logging.Handler) -> Iterator[None]:
    """Every logger at its most talkative, whatever the settings say."""
    named = [one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    levels = {logger: logger.level for logger in [*named, logging.getLogger()]}
    logging.getLogger().addHandler(keeper)
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    try:
        yield
        assert keeper in logging.getLogger().handlers, "somebody set up logging anew: not all was seen"
    finally:
        logging.getLogger().removeHandler(keeper)
        for logger, level in levels.items():
            logger.setLevel(level)


@pytest.fixture(scope="module")
def played(city: City) -> Played:
    """The whole play, with all that was logged."""
    keeper = _Keeper()
    tasks()  # Celery sets up logging at this moment, and takes handlers away
    list(taken())
    with everything_logged(keeper):
        stage = play(city)
        with time_machine.travel(NOW + timedelta(days=6, hours=2)):
            after_the_return(stage)
    return Played(stage, secrets_of(stage), keeper.lines)


def cells() -> Iterator[tuple[str, str]]:
    """(table, row as text) of all that the database holds."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        for table in sorted(tables & set(connection.introspection.table_names(cursor))):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - names of our own tables
            for (row,) in cursor.fetchall():
                yield table, row


def leaks(secrets: Secrets, texts: Iterable[tuple[str, str]]) -> list[str]:
    """Where which number was found; the number itself is not repeated."""
    return sorted({f"{where}: {name}" for where, text in texts for name in secrets.found_in(text)})


def test_the_play_left_something_to_search(played: Played) -> None:
    assert len(played.secrets.numbers) == 3 * len(SCENARIOS) + 1
    assert all(len(number) >= 11 for number in played.secrets.numbers.values())
    assert len(played.log) > 20
    assert any(line.startswith("anye.gateways") for line in played.log)
    assert len(played.stage.record.sent) > 20
    assert len(played.stage.record.pages) > 60
    assert Event.objects.count() > 60 and Message.objects.count() > 8 and Access.objects.count() > 8
    assert ReturnedPayment.objects.get().case.status == money.READY


def test_the_numbers_are_there_behind_the_encryption(played: Played) -> None:
    """Otherwise the search would prove nothing."""
    person = played.stage.people["CLEAN"]
    claim = Claim.objects.select_related("registration").get(party__identifiers__masked=masked(person))
    assert claim.registration.mobile == person.mobile
    assert claim.party.identifiers.get().number == person.id_number
    assert claim.party.payees.get().account == played.stage.city.account_of(person)


def test_no_table_holds_a_number_in_the_clear(played: Played) -> None:
    assert leaks(played.secrets, cells()) == []


def test_no_event_message_or_access_row_holds_one(played: Played) -> None:
    """The same, said of the three that are shown and sent, by their own columns."""
    texts = [("event", json.dumps(row)) for row in Event.objects.values_list("payload", flat=True)]
    texts += [
        ("message", json.dumps(row, default=str))
        for row in Message.objects.values_list("numbers", "provider_id")
    ]
    texts += [
        ("access", json.dumps(row, default=str))
        for row in Access.objects.values_list("reason", "case_number", "address_digest")
    ]
    assert leaks(played.secrets, texts) == []
    shaped = re.compile(r"(?<![0-9a-f])(\d{17}[\dXx]|\d{16,19}|1[3-9]\d{9})(?![0-9a-f])")
    assert [text for _where, text in texts if shaped.search(text)] == []


def test_no_log_line_holds_one(played: Played) -> None:
    assert leaks(played.secrets, (("log", line) for line in played.log)) == []


def test_no_address_holds_one(played: Played) -> None:
    addresses = [unquote_plus(address) for address in played.stage.record.addresses]
    assert leaks(played.secrets, (("address", address) for address in addresses)) == []


def test_no_task_carries_one(played: Played) -> None:
    """Nor anything but whole numbers: ids."""
    sent = played.stage.record.sent
    assert {one.task for one in sent} >= {"claims.tasks.verify_claim", "claims.tasks.accrue_claim", *SWEEPS}
    assert leaks(played.secrets, ((one.task, one.wire) for one in sent)) == []
    assert [one for one in sent if not all(isinstance(value, int) for value in one.arguments.values())] == []


def test_no_session_holds_one(played: Played) -> None:
    sessions = [json.dumps(session.get_decoded(), default=str) for session in Session.objects.all()]
    assert sessions
    assert leaks(played.secrets, (("session", text) for text in sessions)) == []


def test_the_cache_holds_none(played: Played) -> None:
    cache.set("a-key-to-find", "a-value-to-find")
    kept: list[str] = []
    with redis.Redis.from_url(str(settings.CACHES["default"]["LOCATION"])) as server:
        for key in server.scan_iter():
            kept.append(f"{key!r} {server.dump(key)!r}")
    assert any("a-value-to-find" in entry for entry in kept)
    assert leaks(played.secrets, (("cache", entry) for entry in kept)) == []


def test_no_page_shows_an_identity_or_account_number(played: Played) -> None:
    """A mobile number stands in its owner's own form; what people typed themselves is shown back to them."""
    shown = [
        (address, text)
        for address, text in played.stage.record.pages
        if address.split("?")[0] != reverse("apply")
    ]
    assert leaks(played.secrets.only("account"), played.stage.record.pages) == []
    assert leaks(played.secrets.only("id"), ((where, without_own_words(text)) for where, text in shown)) == []


def without_own_words(text: str) -> str:
    """A page without the sentence in which somebody wrote a number where it did not belong."""
    return re.sub(r"我的身份证是 \S+", "", text)


def test_a_number_that_leaked_would_be_found(played: Played) -> None:
    number = played.stage.people["CLEAN"].id_number
    assert leaks(played.secrets, [("somewhere", f"text around {number} it")]) == ["somewhere: CLEAN id"]
