"""`/metrics` for Prometheus: requests as they are counted, and what waits, asked of the database.

Names and numbers only, never anything about one person. Reachable only from the addresses of
`ANYE_METRICS_ALLOW`, and only directly: what came through a proxy shows the proxy's address, not its own.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from accounts.roles import Action, requires
from config import watch
from config.counters import DIRECTORY
from config.health import parts_that_answer
from config.worker import WORKER_SEEN_KEY

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

logger = logging.getLogger(__name__)

COUNTED = CollectorRegistry()
REQUESTS = Counter("anye_requests", "Requests answered.", ["view", "status"], registry=COUNTED)
SECONDS = Histogram(
    "anye_request_seconds",
    "Seconds from a request to its answer.",
    ["view"],
    buckets=BUCKETS,
    registry=COUNTED,
)


class CountRequests:
    """Counts each request and its time, by the name of its address: the outermost layer of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and count the answer."""
        began = time.perf_counter()
        answer = self.get_response(request)
        view = _name(request)
        REQUESTS.labels(view, str(answer.status_code)).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return answer


def _name(request: HttpRequest) -> str:
    """The name of the address: there are few of them, whatever is asked for."""
    if request.resolver_match is not None:
        return request.resolver_match.url_name or "unnamed"
    return "static" if request.path.startswith(settings.STATIC_URL) else "unknown"


@never_cache
@requires(Action.PUBLIC)
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers in Prometheus' text format."""
    if not may_watch(request):
        return HttpResponseForbidden("not from this address\n", content_type="text/plain; charset=utf-8")
    counted = COUNTED
    if DIRECTORY in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]  # published half typed
    asked = CollectorRegistry()
    asked.register(Installation(datetime.now(UTC)))  # noqa: TID251 - a view reads the clock
    return HttpResponse(
        generate_latest(counted) + generate_latest(asked), content_type=CONTENT_TYPE_PLAIN_0_0_4
    )


def may_watch(request: HttpRequest) -> bool:
    """Whether the request came directly from an address that may read the numbers."""
    if any(header in request.headers for header in FORWARDED):
        return False
    try:
        address = ip_address(str(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return False
    return any(address in ip_network(allowed, strict=False) for allowed in settings.ANYE_METRICS_ALLOW)


class Installation(Collector):
    """The numbers that the database, the cache and the worker know."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        """Every number; those of a part that is away are left out, and `anye_up` says so."""
        up = _gauge("anye_up", "Whether a part answers.", "part")
        for part, answers in parts_that_answer().items():
            up.add_metric([part], float(answers))
        yield up
        try:
            yield from self._of_the_database()
        except DatabaseError:
            logger.warning("metrics: the database does not answer", exc_info=True)
        try:
            yield from self._of_the_worker()
        except RedisError:
            logger.warning("metrics: the cache does not answer", exc_info=True)

    def _of_the_database(self) -> Iterator[Metric]:
        yield from self._cases()
        messages, transit = watch.unsent_messages(), watch.payments_in_transit()
        yield GaugeMetricFamily("anye_messages_unsent", "Messages not yet sent.", messages.count)
        yield GaugeMetricFamily(
            "anye_messages_unsent_oldest_seconds", "Age of the oldest of them.", self._age(messages.oldest_at)
        )
        yield GaugeMetricFamily(
            "anye_payments_in_transit", "Payments whose receipt is awaited.", transit.count
        )
        yield GaugeMetricFamily("anye_payments_in_transit_fen", "Their sum, in fen.", transit.fen)
        asked = _gauge("anye_lookups_last_hour", "Questions to a source by outcome.", "source", "outcome")
        for one in watch.lookups_lately(now=self.now):
            asked.add_metric([one.source, one.problem or "ANSWERED"], one.count)
        yield asked
        held = _gauge("anye_balance_fen", "What an account holds, in fen.", "region", "account", "state")
        for account in watch.balances():
            held.add_metric([account.region, account.account, "posted"], account.posted_fen)
            held.add_metric([account.region, account.account, "pending"], account.pending_fen)
        yield held

    def _cases(self) -> Iterator[Metric]:
        labels = ("kind", "status", "waits_for")
        count = _gauge("anye_cases_open", "Open cases.", *labels)
        oldest = _gauge("anye_case_oldest_seconds", "How long the oldest has stood in its status.", *labels)
        too_old = _gauge("anye_cases_too_old", "Cases past the age limit of their status.", *labels)
        provisional = _gauge(
            "anye_cases_due_provisional", "Cases with a deadline in a year without a calendar.", *labels
        )
        for one in watch.open_cases(now=self.now):
            names = [one.kind, one.status, one.waits_for]
            count.add_metric(names, one.count)
            oldest.add_metric(names, self._age(one.oldest_at))
            too_old.add_metric(names, one.too_old)
            provisional.add_metric(names, one.provisional)
        yield from (count, oldest, too_old, provisional)

    def _of_the_worker(self) -> Iterator[Metric]:
        seen = cache.get(WORKER_SEEN_KEY)
        if isinstance(seen, float):
            yield GaugeMetricFamily(
                "anye_worker_last_seen_timestamp_seconds", "When a worker's heart last beat.", seen
            )
        ended = _gauge("anye_job_last_run_timestamp_seconds", "When a job of the timetable ended.", "job")
        well = _gauge("anye_job_last_run_success", "Whether it ended well.", "job")
        for name, run in watch.last_runs().items():
            ended.add_metric([name], run.at)
            well.add_metric([name], float(run.state == "SUCCESS"))
        yield from (ended, well)

    def _age(self, since: datetime | None) -> float:
        return 0.0 if since is None else max((self.now - since).total_seconds(), 0.0)


def _gauge(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, labels=labels)
