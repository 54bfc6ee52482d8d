"""The one HTTP client: signed, pooled, bounded in time, size and number of tries.

All adapters go through `exchange`. It must never log or raise a body, a subject or an address with a query:
only the service's name, the path without its query, a status, a count. It holds no database connection and
reads no settings, so it is safe in threads.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from gateways.ports import Problem, Unavailable

logger = logging.getLogger("anye.gateways")
# The library writes whole addresses, queries included, at its DEBUG level.
logging.getLogger("urllib3").setLevel(logging.WARNING)

CONNECT_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
CHUNK_BYTES = 65_536

BREAKER_TRIPS_AFTER = 5
BREAKER_RESTS_SECONDS = 10.0

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""What an answer may hold: no number with a fraction ever crosses this line."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An outside party: where it lives and the key it knows us by. The key has no repr."""

    service: str
    url: str
    key_id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait for one try (seconds, the whole answer), how many tries, how large an answer
    (bytes).
    """

    seconds: float
    attempts: int
    max_bytes: int = 1_048_576


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """An HTTP answer of a status that the caller accepts. Has no repr: the body may name a person."""

    status: int
    body: bytes
    attempts: int
    content_type: str = ""


class BadAnswer(Exception):
    """An answer does not fit its written format. `where` names the field, never its value."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class Breaker:
    """Stops asking a party that does not answer at all, so that its time-outs do not hold our threads.

    Only time-outs and broken connections count: a quick "503" costs nothing and may concern one person
    alone. After the rest one try goes through; it closes the breaker or opens it again. Kept in this
    process, by monotonic clock.
    """

    def __init__(
        self, *, trips_after: int = BREAKER_TRIPS_AFTER, rests: float = BREAKER_RESTS_SECONDS
    ) -> None:
        self._lock = threading.Lock()
        self._trips_after = trips_after
        self._rests = rests
        self._failures = 0
        self._open_until = 0.0

    def lets_through(self) -> bool:
        """May this request be sent? In the rest: no; at its end: one of them may."""
        with self._lock:
            if self._failures < self._trips_after:
                return True
            if time.monotonic() < self._open_until:
                return False
            self._open_until = time.monotonic() + self._rests
            return True

    def answered(self) -> None:
        """The party speaks: forget the failures."""
        with self._lock:
            self._failures = 0

    def silent(self) -> None:
        """One more try without any answer."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._trips_after:
                self._open_until = time.monotonic() + self._rests


_lock = threading.Lock()
_pools: dict[int, urllib3.PoolManager] = {}
_breakers: dict[str, Breaker] = {}
_jitter = random.SystemRandom()


def reset() -> None:
    """Forget pooled connections and breakers of this process. For a changed address, and for tests."""
    with _lock:
        for pool in _pools.values():
            pool.clear()
        _pools.clear()
        _breakers.clear()


def exchange(
    endpoint: Endpoint,
    *,
    method: str,
    path: str,
    asked_at: datetime,
    limits: Limits,
    breaker: str,
    body: bytes = b"",
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    accept: frozenset[int] = frozenset(),
) -> Reply:
    """Send one signed request; try again on silence and on 429/5xx, with growing pauses, at most
    `limits.attempts`.

    A 2xx status and those in `accept` come back as a `Reply`. Raises `Unavailable`: TIMEOUT, DOWN (no
    connection, 429, 5xx, breaker open) or REFUSED (any other status: trying again would not help). Raises
    `BadAnswer` for an answer larger than allowed. `path` carries its query; `breaker` names the party in
    logs and errors.
    """
    gate = _breaker(breaker)
    problem = Problem.DOWN
    for attempt in range(1, limits.attempts + 1):
        if not gate.lets_through():
            raise Unavailable(breaker, Problem.DOWN, attempt - 1)
        if attempt > 1:
            time.sleep(_pause(attempt))
        try:
            status, answer, kind = _once(
                endpoint, method, path, asked_at, limits, body, content_type, headers or {}
            )
        except Unavailable as silence:
            gate.silent()
            problem = silence.problem
        else:
            gate.answered()
            if 200 <= status < 300 or status in accept:
                return Reply(status=status, body=answer, attempts=attempt, content_type=kind)
            problem = Problem.DOWN if status == 429 or status >= 500 else Problem.REFUSED
            logger.warning("%s %s answered %s (try %s)", breaker, _bare(path), status, attempt)
            if problem is Problem.REFUSED:
                raise Unavailable(breaker, problem, attempt)
            continue
        logger.warning("%s %s gave no answer: %s (try %s)", breaker, _bare(path), problem, attempt)
    raise Unavailable(breaker, problem, limits.attempts)


def read_json(body: bytes) -> dict[str, Json]:
    """The body as one JSON object. Raises `BadAnswer` for anything else, also for a key that stands twice
    or a float.

    A party may answer twice: several objects after one another that are equal count as one, others as none.
    """
    try:
        text = body.decode("utf-8").strip()
        first, end = _DECODER.raw_decode(text)
        while end < len(text):
            blanks = _BLANKS.match(text, end)
            again, end = _DECODER.raw_decode(text, blanks.end() if blanks else end)
            if again != first:
                raise BadAnswer("lines")
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise BadAnswer("body") from None
    if not isinstance(first, dict):
        raise BadAnswer("body")
    return first


def signature(key: bytes, *, method: str, path: str, time_text: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over method, path with query, time and the body's SHA-256, joined by line feeds."""
    text = "\n".join([method, path, time_text, hashlib.sha256(body).hexdigest()])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def time_text(at: datetime) -> str:
    """The one form in which we write a moment: UTC with its offset, `2026-02-13T01:30:00+00:00`."""
    return at.astimezone(UTC).isoformat()


def _once(
    endpoint: Endpoint,
    method: str,
    path: str,
    asked_at: datetime,
    limits: Limits,
    body: bytes,
    content_type: str,
    headers: Mapping[str, str],
) -> tuple[int, bytes, str]:
    """One try: status, body and its type. Raises Unavailable, TIMEOUT or DOWN, where no whole answer came."""
    base = urlsplit(endpoint.url.rstrip("/"))
    full_path = base.path + path
    moment = time_text(asked_at)
    sent = {
        "Accept": "application/json, application/xml, text/plain",
        "X-Anye-Time": moment,
        "X-Anye-Key": endpoint.key_id,
        "X-Anye-Signature": signature(
            endpoint.key, method=method, path=full_path, time_text=moment, body=body
        ),
        **headers,
    }
    if body:
        sent["Content-Type"] = content_type
    deadline = time.monotonic() + limits.seconds
    try:
        response = _pool().request(
            method,
            f"{base.scheme}://{base.netloc}{full_path}",
            body=body or None,
            headers=sent,
            preload_content=False,
            redirect=False,
            retries=False,
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, limits.seconds), read=limits.seconds),
        )
        body_read = _whole(response, deadline, limits, endpoint.service)
        return response.status, body_read, response.headers.get("Content-Type", "")
    except NewConnectionError:  # nobody listens; to the library it is a kind of time-out
        raise Unavailable(endpoint.service, Problem.DOWN) from None
    except (ConnectTimeoutError, ReadTimeoutError):
        # `from None`: urllib3's texts carry addresses.
        raise Unavailable(endpoint.service, Problem.TIMEOUT) from None
    except (HTTPError, OSError):
        raise Unavailable(endpoint.service, Problem.DOWN) from None


def _whole(response: urllib3.BaseHTTPResponse, deadline: float, limits: Limits, service: str) -> bytes:
    """Read to the end. A server that drips bytes or never ends is cut off, its connection closed."""
    parts: list[bytes] = []
    size = 0
    while part := response.read1(CHUNK_BYTES):
        size += len(part)
        parts.append(part)
        if size > limits.max_bytes:
            response.close()
            raise BadAnswer("size")
        if time.monotonic() > deadline:
            response.close()
            raise Unavailable(service, Problem.TIMEOUT)
    response.release_conn()
    return b"".join(parts)


def _pool() -> urllib3.PoolManager:
    """The pool of this process: a forked worker must not share its parent's sockets."""
    process = os.getpid()
    with _lock:
        pool = _pools.get(process)
        if pool is None:
            _pools.clear()
            pool = urllib3.PoolManager(num_pools=8, maxsize=16, block=False)
            _pools[process] = pool
        return pool


def _breaker(name: str) -> Breaker:
    with _lock:
        return _breakers.setdefault(name, Breaker())


def _pause(attempt: int) -> float:
    """Seconds before try number `attempt` (2, 3, …): doubling, bounded, spread so that callers do not march
    in step.
    """
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 2))
    return _jitter.uniform(longest / 2, longest)


def _bare(path: str) -> str:
    return path.partition("?")[0]


def _no_twins(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_float(_text: str) -> Json:
    raise ValueError("a number with a fraction")


_BLANKS = re.compile(r"\s*")
_DECODER = json.JSONDecoder(object_pairs_hook=_no_twins, parse_float=_no_float, parse_constant=_no_float)
