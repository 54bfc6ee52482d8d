"""Every job of the timetable exists, and waking a worker is all that Celery is for."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from config.celery import TIMETABLE, app
from config.home import ROOT


@pytest.fixture(scope="module")
def tasks() -> set[str]:
    app.loader.import_default_modules()
    return set(app.tasks)


@pytest.mark.parametrize("name", sorted(TIMETABLE))
def test_a_job_names_a_task_that_exists(name: str, tasks: set[str]) -> None:
    assert TIMETABLE[name].task in tasks


def test_every_job_says_why() -> None:
    assert all(len(job.reason) > 20 for job in TIMETABLE.values())


def test_a_turn_that_nobody_took_expires_before_the_next_but_one() -> None:
    schedule = app.conf.beat_schedule
    for name, job in TIMETABLE.items():
        patience = schedule[name]["options"]["expires"]
        assert patience <= (job.every.total_seconds() if isinstance(job.every, timedelta) else 3600)


def test_a_killed_worker_loses_no_task_and_the_broker_keeps_no_result() -> None:
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.task_ignore_result
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]


def test_a_worker_keeps_its_database_connection_between_tasks() -> None:
    assert app.conf.get("CELERY_DB_REUSE_MAX") == 1_000


def test_beat_and_the_keeper_never_set_up_django() -> None:
    script = (
        "import os, sys; os.environ['REDIS_URL'] = 'redis://127.0.0.1/0'; "
        "import config.celery, config.keeper, config.supervisor; config.celery.app.conf.beat_schedule; "
        "sys.exit(any(name in sys.modules for name in ('django.conf', 'django.db', 'django.apps')))"
    )
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    assert (
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=False).returncode == 0
    )
