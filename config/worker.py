"""What a worker does beside its tasks: log as the web does, drop dead connections, report that it lives.

Loaded with Django (by `config.apps`); beat does without it. Holds no task.
"""

from __future__ import annotations

import logging.config

from celery.signals import heartbeat_sent, setup_logging, task_prerun, worker_ready
from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections

WORKER_SEEN_KEY = "worker-seen"
WORKER_SEEN_SECONDS = 20
"""The worker's heart beats every 2 s; after this silence the site is not ready."""


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
    cache.set(WORKER_SEEN_KEY, True, WORKER_SEEN_SECONDS)
