"""Two answers for those who watch: alive, and all parts answer.

They tell names and states only, never a version, an address or an error text.
"""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from accounts.roles import Action, requires
from config.worker import WORKER_SEEN_KEY

logger = logging.getLogger(__name__)


@never_cache
@requires(Action.PUBLIC)
@require_safe
def alive(request: HttpRequest) -> JsonResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@never_cache
@requires(Action.PUBLIC)
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Database, broker, and a worker seen lately; status 503 if one is missing."""
    parts = parts_that_answer()
    is_ready = all(parts.values())
    answer = {"status": "ok" if is_ready else "unavailable"} | {
        name: "ok" if works else "unavailable" for name, works in parts.items()
    }
    return JsonResponse(answer, status=200 if is_ready else 503)


def parts_that_answer() -> dict[str, bool]:
    """Each part by its name, and whether it answers."""
    worker_seen = _ask_broker()
    return {"database": _database_answers(), "broker": worker_seen is not None, "worker": bool(worker_seen)}


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("readiness: the database does not answer", exc_info=True)
        return False
    return True


def _ask_broker() -> bool | None:
    """Whether a worker was seen lately; None if the broker does not answer. It is the cache's server too."""
    try:
        return bool(cache.get(WORKER_SEEN_KEY))
    except RedisError:
        logger.warning("readiness: the broker does not answer", exc_info=True)
        return None
