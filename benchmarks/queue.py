"""How long a page of the work queue takes, against the barest list of the same rows, as the city grows.

The page is the whole of it: 25 rows, tabs with their counts, navigation, through every middleware, signed in,
for an officer of the whole city and for one of a single county. The floor is a page of nine plain columns of
the same 25 rows through the same middleware with one query of its own. One case in ten is open. Everything
happens in a database of its own that is dropped afterwards; the rows are written set by set, past the
triggers, because what is measured is reading.
"""

import json
import re
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context, Engine
from django.test import Client
from django.test.utils import override_settings
from django.urls import include, path

from accounts.models import Role, User
from accounts.selectors import machine
from accounts.services import create_staff
from benchmarks.pages import best_in_turn
from benchmarks.rows import Row
from config.scratch import scratch_database
from law.parameters import ParameterBook
from law.programs import PROGRAMS
from law.workdays import legal_day

SIZES = (10_000, 200_000)
PAGE = 25
OFFICERS = 40
FIRST_KEY = 1_000_000
PROGRAM = "unemployment-benefit"
CITY, COUNTY = "130100", "130102"

FACTS: dict[str, object] = {
    "applied_on": "2025-09-26",
    "birth_date": "1986-04-02",
    "sex": "M",
    "retirement_category": None,
    "contributed_months": 114,
    "deemed_months": 0,
    "had_previous_spell": False,
    "residual_months": 0,
    "separation_reason": "X99",
    "employed": "NO",
    "drawing_pension": "NO",
    "drawing_elsewhere": "NO",
    "imprisoned": "NO",
    "deceased": "NO",
    "operates_business": "NO",
    "agency_competent": "YES",
    "identity": "MATCH",
    "card_account": "ACTIVE",
    "paying_county": COUNTY,
}


@dataclass(frozen=True)
class Viewer:
    """An officer and the browser he is signed in with."""

    name: str
    user: User
    client: Client


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Measure each size in turn; the table grows from one to the next. Seconds are those of one request."""
    rows = []
    with scratch_database("queue"), override_settings(ROOT_URLCONF=__name__, STORAGES=PLAIN_FILES):
        now = datetime.now(UTC)
        viewers = [_viewer("city", CITY, now), _viewer("county", COUNTY, now)]
        officers = [viewer.user.pk for viewer in viewers] + [
            _officer(f"colleague{index}", CITY, now).pk for index in range(OFFICERS)
        ]
        filled = 0
        for size in sorted(sizes or SIZES):
            fill(first=filled, last=size, officers=officers, now=now)
            filled = size
            rows += [_measured(viewer, size) for viewer in viewers]
    return rows


# The manifest would ask for collectstatic first.
PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def _officer(username: str, region: str, now: datetime) -> User:
    return create_staff(
        username=username,
        full_name=username,
        roles=[Role.HANDLER],
        regions=[region],
        password="a long enough password 7",  # noqa: S106 - the database is dropped after the run
        totp_secret=str(generate_totp_secret()),
        actor=machine(),
        now=now,
    )


def _viewer(name: str, region: str, now: datetime) -> Viewer:
    user = _officer(f"viewer-{name}", region, now)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    return Viewer(name, user, client)


# --- the city ---------------------------------------------------------------------------------------------

# Serial n decides everything, so that each size holds the same mixture. One in ten is open, and a third of
# the open ones lie on somebody's desk. Numbers and hashes of the trail are not real: nobody reads them here.
PEOPLE = """
    INSERT INTO accounts_party (id, kind, name, former_names, created_at)
    SELECT 1000000 + n, 'PERSON', substr('赵钱孙李周吴郑王冯陈', 1 + n %% 10, 1) || '样' || n, '{}', %(now)s
    FROM generate_series(%(first)s, %(last)s) n
"""
IDENTIFIERS = """
    INSERT INTO accounts_identifier (party_id, kind, number, digest, masked, valid_from)
    SELECT 1000000 + n, 'CITIZEN_ID', 'k1$' || repeat('x', 60), encode(sha256(n::text::bytea), 'hex'),
           '1301**********' || lpad((n %% 10000)::text, 4, '0'), '2025-01-01'
    FROM generate_series(%(first)s, %(last)s) n
"""
CASES = """
    INSERT INTO cases_case (id, number, kind, party_id, region, status, waits_for, promise_due, promise_days,
                            statutory_due, statutory_days, due_provisional, handler_id, opened_at, changed_at,
                            closed_at, checks)
    SELECT 1000000 + n, 'SP20250101-' || lpad(n::text, 7, '0'), 'claim', 1000000 + n,
           (%(regions)s::varchar[])[1 + (n / 10 + n / 220) %% 22],
           s.status, s.waits_for, %(today)s::date - 3 + (n / 130) %% 12, 3,
           %(today)s::date + 4 + (n / 130) %% 12, 10, false,
           CASE WHEN n %% 30 = 0 THEN (%(officers)s::bigint[])[1 + n / 30 %%
           cardinality(%(officers)s::bigint[])] END, %(now)s::timestamptz - interval '2 days',
           %(now)s::timestamptz - interval '1 day', CASE WHEN s.waits_for = 'NOBODY' THEN %(now)s::timestamptz
           - interval '1 day' END, (ARRAY['PASS', 'OPEN', 'FAIL'])[1 + (n / 170) %% 3]
    FROM generate_series(%(first)s, %(last)s) n,
    LATERAL (SELECT CASE WHEN n %% 10 > 0 THEN 'PAYING' WHEN n / 10 %% 10 < 5 THEN 'REVIEW1'
                         WHEN n / 10 %% 10 < 7 THEN 'REVIEW2' WHEN n / 10 %% 10 < 8 THEN 'SUPPLEMENT'
                         ELSE 'APPROVED' END AS status) t,
    LATERAL (SELECT status, waits_for FROM cases_status k
             WHERE k.kind = 'claim' AND k.status = t.status AND k.waits_for <> 'OFFICE') s
"""
EVENTS = """
    INSERT INTO cases_event (case_id, sequence, verb, actor_id, at, payload, previous_hash, hash)
    SELECT 1000000 + n, step, CASE step WHEN 1 THEN 'claim.submitted' ELSE 'claim.checked' END,
           CASE WHEN step = 3 THEN (%(officers)s::bigint[])[1 + n %% cardinality(%(officers)s::bigint[])]
                ELSE %(machine)s END,
           %(now)s::timestamptz - interval '1 day' * (step + n %% 300), '{}', '', ''
    FROM generate_series(%(first)s, %(last)s) n, generate_series(1, 3) step
"""
DETERMINATIONS = """
    INSERT INTO cases_determination (id, case_id, program, rule_version, verdict, facts, sources,
    parameter_set_id,
                                     decision, pass_count, fail_count, unknown_count, amount_fen, months,
                                     content_hash, made_by_id, made_at)
    SELECT 1000000 + n, 1000000 + n, %(program)s, '1', 'REVIEW', %(facts)s, '{}', %(digest)s, %(decision)s,
           12, 0, 1, 3366000, 17, '', %(machine)s, %(now)s
    FROM generate_series(%(first)s, %(last)s) n WHERE n %% 10 = 0
"""
LATEST = """
    UPDATE cases_case SET determination_id = id
    WHERE id BETWEEN 1000000 + %(first)s AND 1000000 + %(last)s AND id %% 10 = 0
"""


def fill(*, first: int, last: int, officers: Sequence[int], now: datetime) -> None:
    """Add the cases with serials `first` to `last` - 1, whole tables at a time."""
    program = PROGRAMS[PROGRAM]
    parameters = ParameterBook.shipped().for_program(program.keys, region=COUNTY)
    decision = program.decide(program.parse(FACTS), parameters)
    regions = ParameterBook.shipped().value("region.name", region=CITY, on=legal_day(now)).table()
    values: dict[str, Any] = {
        "first": first,
        "last": last - 1,
        "now": now,
        "today": legal_day(now),
        "officers": list(officers),
        "regions": sorted(regions),
        "machine": machine().pk,
        "program": PROGRAM,
        "digest": parameters.digest,
        "facts": json.dumps(FACTS),
        "decision": json.dumps(decision.to_json(), ensure_ascii=False),
    }
    with connection.cursor() as cursor:
        # Neither chained nor checked row by row: only the superuser of this throw-away database may do that.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "INSERT INTO cases_parameterset (digest, snapshot) VALUES (%s, '{}') ON CONFLICT DO NOTHING",
            [parameters.digest],
        )
        for statement in (PEOPLE, IDENTIFIERS, CASES, DETERMINATIONS, EVENTS, LATEST):
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


# --- measuring --------------------------------------------------------------------------------------------


def _measured(viewer: Viewer, size: int) -> Row:
    page = viewer.client.get("/queue/")
    if page.status_code != 200:
        raise RuntimeError(f"the queue answered {page.status_code}")
    shown = re.findall(r"SP20250101-(\d{7})</span>", page.content.decode())
    keys = [FIRST_KEY + int(serial) for serial in shown]
    if len(keys) != PAGE:
        raise RuntimeError(f"{viewer.name}: {len(keys)} rows on the page, {PAGE} expected")
    floor_path = f"/floor/?ids={','.join(map(str, keys))}"
    seconds, floor = best_in_turn(viewer.client, "/queue/", floor_path)
    return Row(
        name=f"queue {viewer.name}",
        size=size,
        seconds=seconds,
        per_second=1 / seconds,
        floor_seconds=floor,
        ratio=seconds / floor,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


# --- the floor --------------------------------------------------------------------------------------------

FLOOR = """
    SELECT c.number, p.name, c.kind, c.region, c.opened_at, c.promise_due, c.statutory_due, c.status,
    d.amount_fen FROM cases_case c LEFT JOIN accounts_party p ON p.id = c.party_id
    LEFT JOIN cases_determination d ON d.id = c.determination_id
    WHERE c.id = ANY(%s) ORDER BY c.queue_on, c.id
"""
BARE_LIST = Engine().from_string(
    "<!doctype html><title>floor</title><table>"
    "{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
)


def floor(request: HttpRequest) -> HttpResponse:
    """The least a signed-in page of 25 rows can do: one query, nine columns, as they come."""
    if not request.user.is_authenticated:
        raise Http404
    with connection.cursor() as cursor:
        cursor.execute(FLOOR, [[int(key) for key in request.GET["ids"].split(",")]])
        rows = cursor.fetchall()
    return HttpResponse(BARE_LIST.render(Context({"rows": rows})))


urlpatterns = [
    path("floor/", floor),
    path("", include("config.urls")),
]
