"""The numbers for those who watch: true, few, about nobody, and only for who may see them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from cases import kinds
from config import watch
from config.celery import TIMETABLE, app
from config.counters import KEPT_SECONDS, _clear
from config.home import ROOT
from config.metrics import COUNTED
from config.worker import WORKER_SEEN_KEY, remember_run, report_worker_seen
from tests.cases.conftest import add_statuses
from tests.cases.samples import NOW, SAMPLE, case

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def sample(db: None) -> Iterator[None]:
    """The sample kind of the cases' tests: its limit for NEW is one hour."""
    kinds.register(SAMPLE)
    add_statuses()
    yield
    kinds._kinds.pop(SAMPLE.code)


def numbers(client: Client) -> Numbers:
    """Every sample of the page, as Prometheus reads it."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def number(client: Client, name: str, **labels: str) -> float | None:
    return numbers(client).get((name, frozenset(labels.items())))


# --- requests ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_requests_are_counted_by_the_name_of_their_address(client: Client) -> None:
    def seen(view: str, status: str) -> float:
        return COUNTED.get_sample_value("anye_requests_total", {"view": view, "status": status}) or 0.0

    before = seen("case", "302"), seen("unknown", "404"), seen("healthz", "200")
    client.get("/cases/SP20261123-0001/")
    client.get("/nowhere/130102199003070003/")
    client.get("/healthz")
    assert (seen("case", "302"), seen("unknown", "404"), seen("healthz", "200")) == tuple(
        count + 1 for count in before
    )
    page = client.get("/metrics").content
    assert b"SP20261123" not in page and b"130102199003070003" not in page
    assert COUNTED.get_sample_value("anye_request_seconds_count", {"view": "healthz"}) is not None


def test_two_processes_count_together(tmp_path: Path) -> None:
    """As two workers of the web server do."""
    program = (
        "import sys; from pathlib import Path; from config.counters import share_counters; "
        "share_counters(Path(sys.argv[1])); from config import wsgi; "
        "from django.test import Client; "
        "[Client().get('/healthz') for _ in range(3)]; print(Client().get('/metrics').content.decode())"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "ANYE_HOME": str(tmp_path)}
    seen = []
    for _turn in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        seen += [line for line in done.stdout.splitlines() if "healthz" in line and "requests_total" in line]
    assert [line.split()[-1] for line in seen] == ["3.0", "6.0"]


def test_counts_of_a_process_that_ended_are_kept_a_while_and_then_cleared(tmp_path: Path) -> None:
    gone, alive, other = (
        tmp_path / name for name in ("counter_999999999.db", f"counter_{os.getpid()}.db", "x.db")
    )
    for file in (gone, alive, other):
        file.touch()
    now = gone.stat().st_mtime
    _clear(tmp_path, now=now + KEPT_SECONDS - 60)
    assert gone.exists()
    _clear(tmp_path, now=now + KEPT_SECONDS + 60)
    assert (gone.exists(), alive.exists(), other.exists()) == (False, True, True)


# --- what waits -------------------------------------------------------------------------------------------


def test_open_cases_are_counted_by_whom_they_wait_for_and_the_old_ones_are_named(sample: None) -> None:
    old, new = case(), case(now=NOW + timedelta(minutes=50))
    case(status="FIRST")
    found = watch.open_cases(now=NOW + timedelta(minutes=70))
    assert [(one.status, one.waits_for, one.count, one.too_old) for one in found] == [
        ("FIRST", "HANDLER", 1, 0),
        ("NEW", "MACHINE", 2, 1),
    ]
    assert found[1].oldest_at == old.changed_at < new.changed_at
    assert (found[0].limit, found[1].limit) == (None, timedelta(hours=1))


def test_the_page_shows_them(client: Client, sample: None) -> None:
    case(status="FIRST")
    labels = {"kind": "sample", "status": "FIRST", "waits_for": "HANDLER"}
    assert number(client, "anye_cases_open", **labels) == 1.0
    age = number(client, "anye_case_oldest_seconds", **labels)
    assert age is not None and age > 0
    assert number(client, "anye_cases_too_old", **labels) == 0.0
    assert number(client, "anye_messages_unsent") == 0.0
    assert number(client, "anye_payments_in_transit_fen") == 0.0


@pytest.mark.django_db
def test_each_number_costs_one_query(client: Client) -> None:
    client.get("/metrics")
    with CaptureQueriesContext(connection) as asked:
        client.get("/metrics")
    assert len(asked) <= 6, [query["sql"] for query in asked]


@pytest.mark.django_db
def test_parts_the_worker_and_its_jobs(client: Client) -> None:
    assert number(client, "anye_up", part="worker") == 0.0
    assert number(client, "anye_worker_last_seen_timestamp_seconds") is None
    report_worker_seen()
    app.loader.import_default_modules()
    task = app.tasks[TIMETABLE["seal-yesterday"].task]
    remember_run(task=task, state="FAILURE")
    assert number(client, "anye_up", part="worker") == 1.0
    seen = number(client, "anye_worker_last_seen_timestamp_seconds")
    assert seen is not None and seen == pytest.approx(cache.get(WORKER_SEEN_KEY), abs=1)
    assert number(client, "anye_job_last_run_success", job="seal-yesterday") == 0.0
    assert watch.last_runs().keys() == {"seal-yesterday"}


@pytest.mark.django_db
def test_without_the_cache_the_rest_is_told(client: Client, settings: Settings) -> None:
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}
    assert number(client, "anye_up", part="broker") == 0.0
    assert number(client, "anye_up", part="database") == 1.0
    assert number(client, "anye_messages_unsent") == 0.0


# --- who may ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("10.1.2.3", {}, True),
        ("10.2.0.1", {}, False),
        ("203.0.113.9", {}, False),
        ("", {}, False),
        ("unix:", {}, False),
        # A proxy on this machine has this machine's address, whoever asked it.
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
    ],
)
def test_only_listed_addresses_see_numbers(
    client: Client, settings: Settings, address: str, headers: dict[str, str], may: bool
) -> None:
    settings.ANYE_METRICS_ALLOW = ["127.0.0.1", "::1", "10.1.0.0/16"]
    answer = client.get("/metrics", REMOTE_ADDR=address, headers=headers)
    assert answer.status_code == (200 if may else 403)
    assert (b"anye_" in answer.content) == may
