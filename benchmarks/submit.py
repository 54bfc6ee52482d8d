"""How many claims a site accepts: forms sent by four clients at once, against the barest page it serves.

Work: the POST of a filled form of a person who is signed in and whose lookups are there, answered when the
case, the registration, the claim, the message and the trail are committed and the worker has been woken. Each
form is another person's. Floor: as many requests by the same clients for the bare list of the `queue`
benchmark: signed in, through the same middleware, one query, nine plain columns of 25 rows.

The server is the product's own (same command, two processes) on a database and a broker database of its own.
People, sessions, lookups and the clients' start are not counted; the clients run on the same machine.
"""

from __future__ import annotations

import http.client
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import redis
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.services import link_citizen
from benchmarks.rows import Row
from benchmarks.stage import in_processes
from claims.models import Claim
from claims.services import look_up_for_form
from config.home import ROOT
from config.scratch import outside, scratch_database
from config.servers import die_with_parent
from config.supervisor import web_command
from law.workdays import legal_day
from sandbox.world import World

SIZES = (400,)
ROUNDS = 3
CLIENTS = 4
PAGE = 25
WARM_UP = 20
SEED = 7
BROKER = 100
"""The broker database of the server that is measured; the cache is the next one. Both are emptied."""
SECRET = "b" * 32
START_SECONDS = 60


@dataclass(frozen=True)
class Applicant:
    """Somebody at a browser: the cookie and the form that is sent."""

    cookie: str
    form: bytes


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Send so many forms, three times, each by somebody else."""
    return [_measure(size) for size in sizes or SIZES]


def _measure(size: int) -> Row:
    now = datetime.now(UTC)
    wanted = size * ROUNDS + PAGE + WARM_UP
    done: list[float] = []
    floors: list[float] = []
    with scratch_database("submit"), outside(people=wanted, seed=SEED, today=legal_day(now)) as sandbox:
        (applicants,) = in_processes(prepare, [(wanted, now)])
        with _served(sandbox) as address:
            ready, left = applicants[: PAGE + WARM_UP], applicants[PAGE + WARM_UP :]
            _send(address, [("POST", "/apply/", one) for one in ready])
            ids = ",".join(str(pk) for pk in Claim.objects.order_by("pk").values_list("pk", flat=True)[:PAGE])
            connection.close()
            for turn in range(ROUNDS):
                mine = left[turn * size : (turn + 1) * size]
                done.append(_send(address, [("POST", "/apply/", one) for one in mine]))
                floors.append(_send(address, [("GET", f"/floor/?ids={ids}", one) for one in mine]))
        accepted = Claim.objects.count()
        connection.close()
    if accepted != wanted:
        raise RuntimeError(f"{accepted} of {wanted} claims were accepted")
    seconds, least = min(done), min(floors)
    return Row(
        name="submit",
        size=size,
        seconds=round(seconds, 2),
        per_second=round(size / seconds, 1),
        floor_seconds=round(least, 2),
        ratio=round(seconds / least, 2),
        peak_mb=round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
    )


def prepare(count: int, now: datetime) -> list[Applicant]:
    """So many people who are signed in and whose form has been looked up and filled."""
    world = World(SEED, count, legal_day(now))
    found = []
    for ordinal in range(1, count + 1):
        person = world.person(ordinal)
        user = User.objects.create(username=f"applicant-{ordinal}")
        party = link_citizen(user=user, name=person.name, id_number=person.id_number, now=now)
        look_up_for_form(party=party, now=now)
        browser = Client(headers={"host": "127.0.0.1"})
        browser.force_login(user)
        session = browser.cookies[settings.SESSION_COOKIE_NAME].value
        form = {
            "csrfmiddlewaretoken": SECRET,
            "submission_id": str(uuid.uuid4()),
            "mobile": person.mobile,
            "district": person.county,
            "street": "",
            "job": "UNDECIDED",
            "train": "no",
            "claimed_reason": "",
            "wrong": "",
            "truth": "on",
        }
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={SECRET}"
        found.append(Applicant(cookie, urlencode(form).encode()))
    return found


# --- the server -------------------------------------------------------------------------------------------


@contextmanager
def _served(sandbox: str) -> Iterator[str]:
    """The product's web server on the scratch database; its host and port."""
    directory = Path(tempfile.mkdtemp(prefix="anye-submit-", dir="/tmp"))
    port = _free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "benchmarks.served",
        "DATABASE_URL": _scratch_url(os.environ["DATABASE_URL"]),
        "REDIS_URL": _other_broker(os.environ["REDIS_URL"], BROKER),
        "ANYE_HOME": str(directory),
        "ANYE_SANDBOX_URL": sandbox,
        "ANYE_BASE_URL": f"http://127.0.0.1:{port}",
    }
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            web_command(port),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - there is one thread
        )
    try:
        _await(server, f"http://127.0.0.1:{port}/healthz", directory / "log")
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
        for number in (BROKER, BROKER + 1):
            with redis.Redis.from_url(_other_broker(os.environ["REDIS_URL"], number)) as broker:
                broker.flushdb()
        shutil.rmtree(directory, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _scratch_url(url: str) -> str:
    """The same server, the scratch database."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{connection.settings_dict['NAME']}?{parts.query}"


def _other_broker(url: str, number: int) -> str:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


def _await(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-1500:]}")


# --- the clients ------------------------------------------------------------------------------------------

Request = tuple[str, str, Applicant]


def _send(address: str, requests: Sequence[Request]) -> float:
    """Seconds for all of them by four clients, each with its connection and its share."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        begun = time.perf_counter()
        for client in [pool.submit(_client, address, requests[index::CLIENTS]) for index in range(CLIENTS)]:
            client.result()
        return time.perf_counter() - begun


def _client(address: str, requests: Sequence[Request]) -> None:
    line = http.client.HTTPConnection(address, timeout=60)
    for method, path, one in requests:
        headers: Mapping[str, Any] = {"Cookie": one.cookie}
        body = None
        if method == "POST":
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
            body = one.form
        line.request(method, path, body=body, headers=headers)
        answer = line.getresponse()
        answer.read()
        went_well = answer.status == 200 if method == "GET" else answer.status == 302
        if not went_well or "/claims/" not in answer.headers.get("Location", "/claims/"):
            raise RuntimeError(f"{method} {path.partition('?')[0]} was answered {answer.status}")
    line.close()
