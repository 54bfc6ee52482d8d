"""The supervisor's page of a city that paid a million times, against the same page without its reads.

The page goes through every middleware, signed in; the floor is the same template through the same middleware,
filled from one constant. The year's figures are counted by the sweep itself from a ledger and a trail that
are written set by set, past the triggers; `figures count` is that first count, compared with nothing.
Everything happens in a database of its own that is dropped afterwards.
"""

import resource
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client
from django.test.utils import override_settings
from django.urls import include, path

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff
from audit.selectors.figures import Board, board
from audit.services import count_figures
from benchmarks.pages import best_in_turn
from benchmarks.queue import PLAIN_FILES
from benchmarks.rows import Row
from config.scratch import scratch_database
from law.parameters import ParameterBook
from law.workdays import legal_day

SIZES = (1_000_000,)
A_YEAR = 12
CITY = "130100"

# Payment n is month `n % 12` of person `n / 12`; persons lie in the counties in turn, and each had a claim.
# Decided within 0 to 4 days, one in ten by two officers. Numbers, accounts and hashes are nobody's.
PEOPLE = """
    INSERT INTO accounts_party (id, kind, name, former_names, created_at)
    SELECT 1000000 + n, 'PERSON', '样本' || n, '{}', %(now)s FROM generate_series(1, %(people)s) n
"""
CASES = """
    INSERT INTO cases_case (id, number, kind, party_id, region, status, waits_for, promise_due, promise_days,
                            statutory_due, statutory_days, due_provisional, opened_at, changed_at, closed_at,
                            checks)
    SELECT 1000000 + n, 'SP20250101-' || lpad(n::text, 7, '0'), 'claim', 1000000 + n,
           (%(regions)s::varchar[])[1 + n %% 22], 'PAYING', 'NOBODY', '2025-12-31', 3,
           '2025-12-31', 10, false, opened, opened, opened, 'PASS'
    FROM generate_series(1, %(people)s) n,
    LATERAL (SELECT %(year)s::timestamptz + interval '8 hours' + interval '1 day' * (n %% 330) AS opened) t
"""
EVENTS = """
    INSERT INTO cases_event (case_id, sequence, verb, actor_id, at, payload, previous_hash, hash)
    SELECT c.id, step.nth, step.verb, CASE WHEN c.id %% 10 = 0 THEN %(officer)s ELSE %(machine)s END,
           c.opened_at + step.after * (1 + c.id %% 5), step.payload::jsonb, '', ''
    FROM cases_case c, (VALUES
        (1, 'claim.submitted', interval '0', '{"to": "SUBMITTED"}'),
        (2, 'claim.check_started', interval '1 minute', '{"from": "SUBMITTED", "to": "AUTO_CHECK"}'),
        (3, 'claim.granted', interval '1 day', '{"from": "AUTO_CHECK", "to": "APPROVED"}'),
        (4, 'claim.payment_started', interval '3 days', '{"from": "APPROVED", "to": "PAYING"}')
    ) AS step(nth, verb, after, payload)
"""
BATCH = """
    INSERT INTO payouts_batch (case_id, region, count, total_fen, account_hash, sha256, value_date, checks,
                               left_out, sealed_by_id, sealed_at, submitted_at, bank_code, bank_reference)
    SELECT 1000001, %(city)s, 1, 1, '', '', '2025-01-01', '{}', '{}', %(machine)s, %(year)s, %(year)s, '', ''
"""
OBLIGATIONS = """
    INSERT INTO payouts_obligation (id, key, party_id, case_id, determination_id, program, item, month,
                                    region, pool, amount_fen, due_on, created_at)
    SELECT n, 'b/' || n, c.party_id, c.id, 1, 'unemployment-benefit', 'unemployment-benefit',
           '2025-' || lpad((1 + n %% 12)::text, 2, '0'), c.region, %(city)s, 198000, '2025-01-01', %(now)s
    FROM generate_series(1, %(size)s) n JOIN cases_case c ON c.id = 1000001 + n / 12
"""
PAYMENTS = """
    INSERT INTO payouts_payment (id, obligation_id, batch_id, payee_id, sequence, attempt, end_to_end_id,
                                 amount_fen, settled_at, reason_code)
    SELECT n, n, 1000001, 1, n, 1, 'B' || n, 198000, at, ''
    FROM generate_series(1, %(size)s) n, LATERAL (SELECT %(year)s::timestamptz + interval '14 days'
        + interval '1 month' * (n %% 12) + interval '1 hour' * (n %% 100) AS at) t
"""
TRANSFERS = """
    INSERT INTO payouts_transfer (region, debit, credit, amount_fen, kind, obligation_id, payment_id, pending,
                                  pending_of_id, posted_on, at, reference)
    SELECT %(city)s, 'PAYABLE', 'TRANSIT', 198000, 'SETTLED', n, n, false, 1000000000 + n, settled_at::date,
           settled_at, ''
    FROM (SELECT id AS n, settled_at FROM payouts_payment) paid
"""


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Measure each size in a database of its own. Seconds are those of one request."""
    rows = []
    for size in sizes or SIZES:
        with scratch_database("figures"), override_settings(ROOT_URLCONF=__name__, STORAGES=PLAIN_FILES):
            rows += _measured(size)
    return rows


def _measured(size: int) -> list[Row]:
    now = datetime(2025, 12, 31, 9, tzinfo=UTC)
    viewer = _supervisor(now)
    _fill(size, officer=viewer.pk, now=now)
    begun = time.perf_counter()
    count_figures(now=now)
    counted = time.perf_counter() - begun
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(viewer)
    known = board(viewer, year="2025", today=legal_day(now))
    if known.payments != size or known.decided != size // A_YEAR + 1:
        raise RuntimeError(f"{known.payments} payments and {known.decided} decisions were counted")
    CONSTANT.append(known)
    seconds, floor_seconds = best_in_turn(client, "/fund/?year=2025", "/floor/")
    CONSTANT.clear()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        Row(
            name="figures",
            size=size,
            seconds=seconds,
            per_second=1 / seconds,
            floor_seconds=floor_seconds,
            ratio=seconds / floor_seconds,
            peak_mb=peak,
        ),
        Row(
            name="figures count",
            size=size,
            seconds=counted,
            per_second=size / counted,
            floor_seconds=None,
            ratio=None,
            peak_mb=peak,
        ),
    ]


def _supervisor(now: datetime) -> User:
    return create_staff(
        username="supervisor",
        full_name="supervisor",
        roles=[Role.SUPERVISOR],
        regions=[CITY],
        password="a long enough password 7",  # noqa: S106 - the database is dropped after the run
        totp_secret="A" * 32,
        actor=machine(),
        now=now,
    )


def _fill(size: int, *, officer: int, now: datetime) -> None:
    regions = ParameterBook.shipped().value("region.name", region=CITY, on=legal_day(now)).table()
    values: dict[str, Any] = {
        "size": size,
        "people": size // A_YEAR + 1,
        "city": CITY,
        "regions": sorted(regions),
        "officer": officer,
        "machine": machine().pk,
        "year": datetime(2025, 1, 1, tzinfo=UTC),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in (PEOPLE, CASES, EVENTS, BATCH, OBLIGATIONS, PAYMENTS, TRANSFERS):
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


CONSTANT: list[Board] = []


def floor(request: HttpRequest) -> HttpResponse:
    """The page filled from a constant."""
    assert isinstance(request.user, User)
    return render(request, "audit/fund.html", {"board": CONSTANT[0], "may_export": True})


urlpatterns = [
    path("floor/", floor),
    path("", include("config.urls")),
]
