"""The running site as the fault tests play on it: people over HTTP, parts killed, books read.

People act through the pages. The timetable is hurried by waking its own tasks, nothing more. The database is
only read here, or locked to hold a worker between two steps; it must never be written.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from celery import Celery

from config.addresses import broker_url
from config.home import process_environment
from config.play import APPROVED, PAID
from config.supervisor import DEATHS_WITHIN_SECONDS, MAX_DEATHS
from config.visitor import Form, Page, Visitor
from law.money import Fen, yuan_grouped
from tests.site import RunningSite, wait_until

VERIFYING = "收到了，正在核验"
WAKE_EVERY_SECONDS = 1.0
BOOKS = (("verify_ledger",), ("verify_trail",), ("replay",))
PAYING_TASKS = (
    "payouts.tasks.submit_approved",
    "payouts.tasks.fetch_receipts",
    "payouts.tasks.reconcile",
    "claims.tasks.follow_payments",
)
"""What brings a signed batch to the end, in the order of a batch's life."""


@dataclass(frozen=True)
class Person:
    """A synthetic person of the sandbox, at a browser."""

    name: str
    id_number: str
    mobile: str
    county: str
    says_reason: str
    browser: Visitor


@dataclass(frozen=True)
class Applied:
    """A claim as its applicant knows it."""

    person: Person
    number: str
    address: str

    def page(self) -> Page:
        """The tracker now."""
        return self.person.browser.get(self.address)


@dataclass
class Officer:
    """A signed-in officer."""

    username: str
    totp_secret: str
    browser: Visitor


class Stage:
    """One running site and everything a test does to it."""

    def __init__(self, site: RunningSite) -> None:
        self.site = site
        environment = process_environment(site.home, site.environment)
        self._database = environment["DATABASE_URL"]
        self._celery = Celery("faults", broker=broker_url(environment["REDIS_URL"]), set_as_current=False)
        self._officers: dict[str, Officer] = {}
        self._killed: list[float] = []

    # --- the outside --------------------------------------------------------------------------------------

    def sandbox(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """GET, or POST of `body`, at the sandbox; its JSON answer."""
        request = urllib.request.Request(  # noqa: S310 - the site's own address
            f"{self.site.sandbox_url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
            return json.load(answer)

    def tell(self, source: str, mode: str, *, seconds: float = 10, person: Person | None = None) -> None:
        """Let a source be `down`, `slow`, `twice`, `ok`, or `auto` again; for everybody or for one person."""
        whom = {"id_number": person.id_number} if person is not None else {}
        self.sandbox("/control/fault", {"source": source, "mode": mode, "seconds": seconds, **whom})

    def file_at_bank(self, batch_number: str) -> Mapping[str, Any] | None:
        """What the bank holds under this number: `submissions`, `count`, `total_fen`, `accepted`…"""
        files = self.sandbox("/control/state")["files"]
        return next((one for one in files if one["batch_number"] == batch_number), None)

    def asked(self, source: str) -> int:
        """How often a source has been asked since the sandbox started."""
        return int(self.sandbox("/control/state")["requests"].get(source, 0))

    def texts(self, person: Person) -> list[str]:
        """The short messages on a person's phone."""
        return [str(row["text"]) for row in self.sandbox(f"/messages?mobile={person.mobile}")]

    # --- people -------------------------------------------------------------------------------------------

    def person(self, scenario: str = "CLEAN") -> Person:
        """Somebody nobody has used yet, signed in."""
        row = self.sandbox(f"/people?scenario={scenario}&available=1&limit=1")[0]
        self.sandbox("/people/claimed", {"id_number": row["id_number"]})
        browser = Visitor(base_url=self.site.base_url)
        page = browser.get("/sign-in/")
        page = browser.get(next(link for link in page.links if link.rstrip("/").endswith("/sign-in/citizen")))
        form = page.form_with("id_number")
        page = browser.submit(form, {"id_number": row["id_number"], "name": row["name"]})
        assert page.url.startswith(self.site.base_url), page.heading
        return Person(
            name=row["name"],
            id_number=row["id_number"],
            mobile=row["mobile"],
            county=row["county"],
            says_reason=row["says_reason"] or "",
            browser=browser,
        )

    def form(self, person: Person) -> tuple[Form, dict[str, str]]:
        """The form as served to a person, and their answers."""
        form = person.browser.get("/apply/").form_with("submission_id")
        answers = {
            "mobile": person.mobile,
            "district": person.county,
            "train": "yes",
            "job": "LOGISTICS",
            "claimed_reason": "",
            "truth": "on",
        }
        return form, answers

    def apply(self, person: Person) -> Applied:
        """Fill in the form and send it."""
        form, answers = self.form(person)
        return self.applied(person, person.browser.submit(form, answers, leave_out="save"))

    def applied(self, person: Person, page: Page) -> Applied:
        """The claim whose tracker `page` is."""
        found = re.search(r"/claims/([A-Z]{2}\d{8}-\d+)/$", page.url)
        assert found is not None, f"{page.status} {page.url} {page.heading}"
        return Applied(person, found.group(1), page.url)

    def approved(self, scenario: str = "CLEAN") -> Applied:
        """A claim granted by the machine, whose first month is owed."""
        claim = self.apply(self.person(scenario))
        self.eventually(
            lambda: self.owed(claim) == 1,
            waking=("claims.tasks.sweep_unverified", "claims.tasks.accrue_current_month"),
            seconds=60,
            what=f"{claim.number} to be granted and owed",
        )
        assert claim.page().heading == APPROVED
        return claim

    # --- officers -----------------------------------------------------------------------------------------

    def officer(self, role: str, nth: int = 0) -> Officer:
        """The nth officer of a role, signed in with the second factor; one browser each for all tests."""
        account = [one for one in self.site.demo["staff"] if one["role"] == role][nth]
        known = self._officers.get(account["username"])
        if known is not None and "/staff/sign-in" not in known.browser.get("/queue/").url:
            return known
        browser = Visitor(base_url=self.site.base_url)
        officer = Officer(account["username"], account["totp_secret"], browser)
        answers = {"login": account["username"], "password": account["password"]}
        page = browser.submit(browser.get("/staff/sign-in/").form_with("login"), answers)
        page = browser.submit(page.form_with("code"), {"code": self.code(officer)})
        assert "/staff/sign-in" not in page.url, page.heading
        self._officers[account["username"]] = officer
        return officer

    def code(self, officer: Officer) -> str:
        """A one-time code that the site will take: newer than the last one used, at most one step early."""
        return self.site.code(officer.username, officer.totp_secret)

    def seal(self) -> str:
        """A handler makes a batch of all that is due; its number."""
        handler = self.officer("HANDLER")
        page = handler.browser.get("/batches/")
        page = handler.browser.submit(page.form_to("/batches/new/"), {})
        found = re.search(r"/batches/([A-Z]{2}\d{8}-\d+)/$", page.url)
        assert found is not None, f"{page.status} {page.url}"
        return found.group(1)

    def signature(self, batch_number: str, officer: Officer) -> tuple[Form, dict[str, str]]:
        """The form under a batch, and what the officer types."""
        form = officer.browser.get(f"/batches/{batch_number}/").form_to("/sign/")
        answers = {"total": self.total(batch_number), "code": self.code(officer), "seen": "on"}
        return form, answers

    def total(self, batch_number: str) -> str:
        """The sum of a batch as people type it."""
        total_fen = self.value(
            "SELECT total_fen FROM payouts_batch JOIN cases_case ON id = case_id WHERE number = %s",
            batch_number,
        )
        return yuan_grouped(Fen(int(total_fen)))

    def sign(self, batch_number: str) -> None:
        """A reviewer types the total and a one-time code; the batch may then go."""
        reviewer = self.officer("REVIEWER", self._fresher_reviewer())
        form, answers = self.signature(batch_number, reviewer)
        page = reviewer.browser.submit(form, answers)
        assert page.status == 200, f"{page.status} {page.heading}"
        assert self.status(batch_number) != "APPROVED1", "the signature was not taken"

    def _fresher_reviewer(self) -> int:
        """The reviewer whose last one-time code is older: nobody has to wait for the next one."""
        names = [one["username"] for one in self.site.demo["staff"] if one["role"] == "REVIEWER"]
        rows = self.rows(
            "SELECT username FROM accounts_user WHERE username = ANY(%s) ORDER BY last_code_step, username",
            names,
        )
        return names.index(str(rows[0][0]))

    # --- the books ----------------------------------------------------------------------------------------

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database over a connection of its own."""
        connection = psycopg2.connect(self._database)
        try:
            connection.set_session(readonly=True, autocommit=True)
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def value(self, query: str, *values: object) -> Any:
        """The only value of the only row."""
        ((found,),) = self.rows(query, *values)
        return found

    def case_id(self, number: str) -> int:
        """The key of a case."""
        return int(self.value("SELECT id FROM cases_case WHERE number = %s", number))

    def status(self, number: str) -> str:
        """The status of a case."""
        return str(self.value("SELECT status FROM cases_case WHERE number = %s", number))

    def owed(self, claim: Applied) -> int:
        """How many obligations a claim has."""
        return int(
            self.value(
                "SELECT count(*) FROM payouts_obligation WHERE case_id = %s", self.case_id(claim.number)
            )
        )

    def verbs(self, number: str) -> list[str]:
        """The trail of a case, oldest first."""
        query = "SELECT verb FROM cases_event WHERE case_id = %s ORDER BY sequence"
        return [str(verb) for (verb,) in self.rows(query, self.case_id(number))]

    def batch_of(self, claim: Applied) -> str:
        """The number of the latest batch a claim's money is in."""
        return str(
            self.value(
                "SELECT number FROM cases_case JOIN payouts_payment p ON p.batch_id = cases_case.id"
                " JOIN payouts_obligation o ON o.id = p.obligation_id WHERE o.case_id = %s"
                " ORDER BY attempt DESC LIMIT 1",
                self.case_id(claim.number),
            )
        )

    def must_be_paid_once(self, claim: Applied, *, submissions: int = 1) -> None:
        """One obligation, one live payment, sent so many times, one debit in ledger, bank and on the page."""
        batch = self.batch_of(claim)
        assert claim.page().heading == PAID
        assert self.owed(claim) == 1
        ((payment, name, amount_fen),) = self.rows(
            "SELECT p.id, end_to_end_id, p.amount_fen FROM payouts_payment p"
            " JOIN payouts_obligation o ON o.id = obligation_id"
            " WHERE case_id = %s AND failed_at IS NULL AND returned_at IS NULL",
            self.case_id(claim.number),
        )
        moves = self.rows(
            "SELECT kind, amount_fen FROM payouts_transfer WHERE payment_id = %s ORDER BY id", payment
        )
        assert moves == [("SUBMITTED", amount_fen), ("SETTLED", amount_fen), ("DEBITED", amount_fen)]
        receipts = self.rows("SELECT status, conflicts FROM payouts_receipt WHERE payment_id = %s", payment)
        assert receipts == [("S", False)]
        lines = self.rows(
            "SELECT direction, amount_fen FROM payouts_statementline WHERE end_to_end_id = %s", name
        )
        assert lines == [("D", amount_fen)]
        file = self.file_at_bank(batch)
        assert file is not None and file["accepted"]
        assert file["submissions"] == submissions, f"the bank was sent {batch} {file['submissions']} times"

    def books_must_hold(self) -> None:
        """Every open batch reaches its end, then ledger, trail and all determinations come out the same."""
        self.eventually(
            lambda: (
                self.rows(
                    "SELECT number, status FROM cases_case WHERE kind = 'batch' AND status = ANY(%s)",
                    ["APPROVED2", "SENT", "ACCEPTED", "SETTLED", "PART_SETTLED"],
                )
                == []
            ),
            waking=PAYING_TASKS,
            seconds=60,
            what="every signed batch to be reconciled",
        )
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda command: self.site.manage(*command), BOOKS))

    # --- time ---------------------------------------------------------------------------------------------

    def wake(self, *tasks: str) -> None:
        """Send tasks of the timetable now instead of at their hour."""
        with self._celery.connection_for_write() as connection:
            for task in tasks:
                self._celery.send_task(task, connection=connection, expires=20)

    def eventually(
        self, condition: Callable[[], bool], *, seconds: float, what: str, waking: Sequence[str] = ()
    ) -> None:
        """Wait for a condition while the timetable runs fast."""
        woken = 0.0

        def holds() -> bool:
            nonlocal woken
            if condition():
                return True
            if waking and time.monotonic() - woken > WAKE_EVERY_SECONDS:
                self.wake(*waking)
                woken = time.monotonic()
            return False

        wait_until(holds, seconds=seconds, what=what)

    def until_paid(self, claim: Applied) -> None:
        """The money is on the card, the bank's statement agrees, and the person reads it."""
        number = self.batch_of(claim)
        self.eventually(
            lambda: self.status(number) == "RECONCILED",
            waking=PAYING_TASKS,
            seconds=90,
            what=f"{number} to be reconciled",
        )
        assert claim.page().heading == PAID

    # --- faults -------------------------------------------------------------------------------------------

    def lose_worker_and_broker(self) -> None:
        """Kill -9 the worker with its children, lose every message, and wait for the worker that follows.

        A supervisor gives up on a part that keeps dying: deaths are spread so that it does not.
        """
        wait_until(
            lambda: sum(age < DEATHS_WITHIN_SECONDS for age in self._ages_of_deaths()) < MAX_DEATHS - 2,
            seconds=DEATHS_WITHIN_SECONDS + 5,
            what="the supervisor's patience",
        )
        self._killed.append(time.monotonic())
        self.site.kill_worker()
        self.site.wipe_broker()  # and with it the mark that a worker was seen
        self.until_ready()

    def _ages_of_deaths(self) -> list[float]:
        return [time.monotonic() - at for at in self._killed]

    def kill_pool(self) -> None:
        """Kill -9 the two processes of the worker that run tasks, as the kernel does when memory is short."""
        worker = self.site.pid("worker")
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        assert children, "the worker has processes that run tasks"
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    def lose_sandbox(self) -> None:
        """Kill -9 the outside world and wait until it is there again."""
        old = self.site.pid("sandbox")
        self.site.kill("sandbox", signal.SIGKILL)
        wait_until(lambda: self.site.pid("sandbox") != old, seconds=30, what="a new sandbox")
        wait_until(self._sandbox_answers, seconds=30, what="the sandbox's answer")

    def _sandbox_answers(self) -> bool:
        try:
            return bool(self.sandbox("/healthz")["status"] == "ok")
        except OSError:
            return False

    def lose_database(self) -> None:
        """Kill -9 PostgreSQL and wait until it answers again."""
        old = self._postmaster()
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self._database_answers(old), seconds=60, what="the restarted database")

    def _postmaster(self) -> int:
        return int((self.site.home.postgres_data / "postmaster.pid").read_text().split()[0])

    def _database_answers(self, old: int) -> bool:
        try:
            return self._postmaster() != old and self.value("SELECT 1") == 1
        except (psycopg2.OperationalError, FileNotFoundError, IndexError):
            return False

    def until_ready(self) -> None:
        """Every part answers."""
        wait_until(self._is_ready, seconds=60, what="the site to be ready")

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.site.base_url}/readyz", timeout=10) as answer:  # noqa: S310 - as above
                return bool(answer.status == 200)
        except OSError:
            return False

    @contextmanager
    def frozen(self, part: str) -> Iterator[None]:
        """A part stands still: it is there and does nothing. Inside, it may be killed."""
        group = self.site.pid(part)
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            if self.site.pid(part) == group:
                os.killpg(group, signal.SIGCONT)

    @contextmanager
    def holding(self, statement: str, *values: object) -> Iterator[Callable[[], bool]]:
        """Hold the locks of `statement` in an open transaction; yields whether somebody waits for them."""
        connection = psycopg2.connect(self._database)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
            ours = connection.info.backend_pid

            def somebody_waits() -> bool:
                return bool(
                    self.value(
                        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid)))",
                        ours,
                    )
                )

            yield somebody_waits
        finally:
            connection.close()
