"""Wakes a worker after a commit. The database is the queue: a wake-up that is lost is found by a sweep.

For views and tasks only. It must never fail a request that has already been written: a broker that is away is
logged, and the work waits for the timetable.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, ParamSpec

from django.db import transaction
from kombu.exceptions import OperationalError

if TYPE_CHECKING:
    from celery import Task

P = ParamSpec("P")
logger = logging.getLogger("anye.waking")


def wake(task: Task[P, None], *nothing: P.args, **ids: P.kwargs) -> None:
    """Send `task` to the workers once the open transaction has committed; `ids` are primary keys by name."""

    def send() -> None:
        try:
            task.delay(*nothing, **ids)
        except OperationalError:
            logger.warning("the broker is away: %s waits for its sweep", task.name)

    transaction.on_commit(send)
