"""The system administrator's page: parts, jobs and ages, and nothing about anybody's case."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Role
from cases import kinds
from cases.kinds import Kind
from config.celery import TIMETABLE
from config.system import JOBS, _when
from config.worker import Run, ran_key, report_worker_seen
from tests.cases.conftest import add_statuses
from tests.cases.samples import NOW, SAMPLE, case, person
from tests.factories import officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def sample() -> Iterator[Kind]:
    """The sample kind of the cases' tests: its limit for NEW is one hour."""
    yield kinds.register(SAMPLE)
    kinds._kinds.pop(SAMPLE.code)


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(officer(Role.SYSTEM_ADMIN))
    return client


def page(client: Client) -> str:
    answer = client.get(reverse("system"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_job_of_the_timetable_has_words_and_an_hour() -> None:
    assert set(JOBS) == set(TIMETABLE)
    assert [_when(TIMETABLE[name].every) for name in ("fetch-bank-receipts", "send-messages")] == [
        "每 30 秒",
        "每 1 分钟",
    ]
    assert _when(TIMETABLE["accrue-current-month"].every) == "每小时第 5 分"
    assert _when(TIMETABLE["seal-yesterday"].every) == "每天 00:20"


def test_parts_that_do_not_answer_are_red(client: Client, settings: Settings) -> None:
    assert "后台任务 · 没有应答" in page(client)
    report_worker_seen()
    assert "后台任务 · 有应答" in page(client)
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}
    said = page(client)
    assert "消息服务 · 没有应答" in said and "数据库 · 有应答" in said


@pytest.mark.parametrize(
    ("ago", "state", "words"),
    [(60, "SUCCESS", "正常"), (3600, "SUCCESS", "晚了"), (60, "FAILURE", "出错"), (None, "", "没有记录")],
)
def test_a_job_is_well_late_or_failed(client: Client, ago: int | None, state: str, words: str) -> None:
    for job in TIMETABLE.values():
        cache.set(ran_key(job.task), tuple(Run(time.time(), "SUCCESS")), 60)
    task = TIMETABLE["send-messages"].task
    if ago is None:
        cache.delete(ran_key(task))
    else:
        cache.set(ran_key(task), tuple(Run(time.time() - ago, state)), 60)
    said = page(client)
    assert said.count(f">{words}</span>") == (len(TIMETABLE) if words == "正常" else 1)


def test_what_stands_too_long_is_said_without_saying_whose(client: Client, sample: Kind) -> None:
    add_statuses()
    held = case(party=person())
    with time_machine.travel(NOW + timedelta(minutes=30)):
        client.force_login(officer(Role.SYSTEM_ADMIN))
        assert "停得太久" not in page(client)
    with time_machine.travel(NOW + timedelta(minutes=70)):
        client.force_login(officer(Role.SYSTEM_ADMIN))
        said = page(client)
    assert "1 件停得太久" in said and "1 小时" in said
    assert held.number not in said and "陈志强" not in said


def test_the_page_costs_the_same_for_more(client: Client, sample: Kind) -> None:
    add_statuses()
    case()
    page(client)
    with CaptureQueriesContext(connection) as few:
        page(client)
    for _turn in range(5):
        case(status="FIRST")
    with CaptureQueriesContext(connection) as many:
        page(client)
    assert len(many) <= len(few) <= 10
