"""A city of units for the benchmarks of the refund, written set by set past the triggers. It measures
nothing.

Of a hundred units some are large, some have laid off too many, some are in arrears, and one lacks a month:
the rule has all its ways to go. Codes are not those of any unit.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django.db import connection

from accounts.selectors import machine
from benchmarks.stage import CITY
from enterprises.models import ExclusionList
from enterprises.services import record_publication
from law.money import Fen
from payouts.services import open_fund
from subsidies.refund.services import enter_fund_year

YEAR = 2025
NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2025, 11, 20)
FIRST_KEY = 1_000_000

PARTIES = """
    INSERT INTO accounts_party (id, kind, name, former_names, created_at)
    SELECT %(first)s + n, 'UNIT', '石家庄样例' || n || '号有限公司', '{}', %(now)s
    FROM generate_series(1, %(size)s) n
"""
NUMBERS = """
    INSERT INTO accounts_identifier (party_id, kind, number, digest, masked, valid_from)
    SELECT %(first)s + n, 'USCC', '', md5(n::text), '91130102' || lpad(n::text, 10, '0'), '2020-01-01'
    FROM generate_series(1, %(size)s) n
"""
UNITS = """
    INSERT INTO enterprises_enterprise (party_id, kind, region, industry, is_labour_dispatch, source,
                                        document, as_of)
    SELECT %(first)s + n,
           CASE WHEN n %% 50 = 0 THEN 'PUBLIC_BODY' WHEN n %% 20 = 0 THEN 'SOLE_BUSINESS' ELSE 'ENTERPRISE'
           END,
           (ARRAY['130102', '130104', '130105', '130108', '130123'])[1 + n %% 5], '3670', n %% 200 = 0,
           'CORE_SYSTEM', '2024年度清册', '2025-03-31'
    FROM generate_series(1, %(size)s) n
"""
YEARS = """
    INSERT INTO enterprises_insuredyear (enterprise_id, year, headcounts, paid_months, in_arrears, base_fen,
                                         source, document, as_of, new_recipients, recipients_source,
                                         recipients_document, recipients_as_of)
    SELECT %(first)s + n, %(year)s - 1,
           array_fill((CASE WHEN n %% 100 = 0 THEN NULL ELSE 5 + n %% 300 END)::int, ARRAY[12]),
           CASE WHEN n %% 7 = 0 THEN 9 ELSE 12 END, CASE WHEN n %% 11 = 0 THEN 'YES' ELSE 'NO' END,
           54000::bigint * (5 + n %% 300), 'CORE_SYSTEM', '2024年度清册', '2025-03-31',
           n %% 9, 'OWN', '', '2025-03-31'
    FROM generate_series(1, %(size)s) n
"""
CLASSES = """
    INSERT INTO enterprises_sizeclassrecord (enterprise_id, size_class, basis, from_on, source, document,
                                             recorded_at)
    SELECT %(first)s + n, CASE WHEN n %% 60 = 0 THEN 'LARGE' WHEN n %% 3 = 0 THEN 'SMALL' ELSE 'MICRO' END,
           'RECORD_2020', '2020-02-01', 'CORE_SYSTEM', '2020年划型', %(now)s
    FROM generate_series(1, %(size)s) n
"""
# What other matters a bureau has had before: the planner must not take the trail for a table of three rows.
EARLIER_CASES = """
    INSERT INTO cases_case (id, number, kind, region, status, waits_for, due_provisional, opened_at,
                            changed_at, closed_at, checks)
    SELECT n, 'FH20241120-' || lpad(n::text, 6, '0'), 'refund', '130102', 'PAID', 'NOBODY', false, %(now)s,
           %(now)s, %(now)s, ''
    FROM generate_series(1, %(earlier)s) n
"""
EARLIER_EVENTS = """
    INSERT INTO cases_event (case_id, sequence, previous_hash, hash, verb, actor_id, at, payload)
    SELECT n, s, '', md5(n::text || s), 'refund.paid', %(actor)s, %(now)s, '{}'
    FROM generate_series(1, %(earlier)s) n, generate_series(1, 5) s
"""
EARLIER = 20_000


def fill(size: int) -> None:
    """`size` units of which everything is known, and lists that name nobody, in a bureau that has worked."""
    given: dict[str, int | datetime] = {
        "first": FIRST_KEY,
        "size": size,
        "now": NOW,
        "year": YEAR,
        "earlier": EARLIER,
    }
    given["actor"] = machine().pk
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for text in (PARTIES, NUMBERS, UNITS, YEARS, CLASSES, EARLIER_CASES, EARLIER_EVENTS):
            cursor.execute(text, given)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SELECT setval(pg_get_serial_sequence('cases_case', 'id'), %(first)s)", given)
    for name in ExclusionList.values:
        record_publication(
            name=name,
            document="公布页",
            published_on=date(2025, 6, 1),
            entries=[],
            actor=machine(),
            now=NOW,
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def fund(actor_regions: str = CITY) -> None:
    """The reserve of the year before, and money in the fund."""
    actor = machine()
    actor.regions = [actor_regions]
    enter_fund_year(
        region=CITY,
        year=YEAR - 1,
        balance_fen=Fen(200),
        expenditure_fen=Fen(100),
        source="基金决算",
        actor=actor,
        now=NOW,
        today=TODAY,
    )
    open_fund(region=CITY, amount_fen=Fen(10**15), actor=actor, now=NOW, reference="opening")
