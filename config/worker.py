"""What a worker does beside its tasks: log as the web does, drop dead connections, report that it lives and
what it has done.

Loaded with Django (by `config.apps`); beat does without it. Holds no task.
"""

from __future__ import annotations

import logging.config
import time
from typing import NamedTuple

from celery import Task
from celery.signals import heartbeat_sent, setup_logging, task_postrun, task_prerun, worker_ready
from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections

WORKER_SEEN_KEY = "worker-seen"
WORKER_SEEN_SECONDS = 20
"""The worker's heart beats every 2 s; after this silence the site is not ready."""
RUN_SECONDS = 8 * 24 * 3600
"""How long the end of a task is remembered: longer than any turn of the timetable."""


class Run(NamedTuple):
    """The last end of a task: seconds since 1970, and Celery's word for how (`SUCCESS`)."""

    at: float
    state: str


def ran_key(task: str) -> str:
    """Where the last end of a task is remembered."""
    return f"ran-{task}"


@setup_logging.connect
def use_our_logging(**_: object) -> None:
    logging.config.dictConfig(settings.LOGGING)


@task_prerun.connect
def drop_dead_connections(**_: object) -> None:
    """A connection that died when the database restarted is replaced before the task, not by failing it."""
    close_old_connections()


@worker_ready.connect
@heartbeat_sent.connect
def report_worker_seen(**_: object) -> None:
    """Leave the mark that the readiness page looks for."""
    cache.set(WORKER_SEEN_KEY, time.time(), WORKER_SEEN_SECONDS)


@task_postrun.connect
def remember_run(task: Task[..., object] | None = None, state: str | None = None, **_: object) -> None:
    """Keep when the task ended and how, for the page of the system administrator and for alarms."""
    if task is not None and task.name is not None:
        cache.set(ran_key(task.name), tuple(Run(time.time(), state or "")), RUN_SECONDS)
