"""The embedded servers are shared by their users, survive what kills them, and go with the last user."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from config.embedded import Lease, Lock, exclusive_use, keeper_state_file, servers_needed
from config.home import ROOT, Home, HomeError, open_home, process_environment, remove
from tests.site import wait_until

pytestmark = pytest.mark.faults

BOTH = frozenset({"postgres", "valkey"})
USER = """
import sys, time
from pathlib import Path
from config.embedded import Lease
from config.home import open_home
with Lease(open_home(Path(sys.argv[1])), frozenset({"postgres", "valkey"})):
    print("in", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(short_directory: Path) -> Iterator[Home]:
    made = open_home(short_directory / "var")
    yield made
    wait_until(lambda: not is_up(made), seconds=10, what="the servers' end")
    remove(made)


@pytest.fixture
def user(home: Home) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts another process that uses the servers; killed after the test."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(home.var)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def is_up(home: Home) -> bool:
    probe = Lock(home.runtime / "keeper.lock")
    was_free = probe.take(shared=False)
    probe.free()
    return not was_free


def query(home: Home, statement: str) -> list[tuple[object, ...]]:
    address = process_environment(home, {})["DATABASE_URL"]
    connection = psycopg2.connect(address)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def test_the_last_of_two_users_stops_the_servers(
    home: Home, user: Callable[[], subprocess.Popen[str]]
) -> None:
    first, second = user(), user()
    first.kill()
    first.wait()
    assert query(home, "SELECT 1") == [(1,)], "one user is left"
    second.kill()
    second.wait()
    wait_until(lambda: not is_up(home), seconds=10, what="the servers' end")


def test_a_user_that_leaves_in_order_returns_when_the_servers_have_stopped(home: Home) -> None:
    with Lease(home, BOTH):
        assert is_up(home)
    assert not is_up(home)
    assert not home.valkey_socket.exists()
    assert not (home.postgres_socket / ".s.PGSQL.5432").exists()


def test_data_outlive_a_server_that_was_killed(home: Home) -> None:
    with Lease(home, BOTH):
        query(home, "CREATE TABLE kept (n int)")
        query(home, "INSERT INTO kept SELECT generate_series(1, 1000)")
        postmaster = int((home.postgres_data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        wait_until(lambda: _counts(home) == [(1000,)], seconds=20, what="the restarted database")


def _counts(home: Home) -> list[tuple[object, ...]]:
    try:
        return query(home, "SELECT count(*) FROM kept")
    except psycopg2.OperationalError:
        return []


def test_a_killed_keeper_takes_its_servers_along_and_the_next_user_starts_new_ones(home: Home) -> None:
    with Lease(home, BOTH) as lease:
        os.kill(int(json.loads(keeper_state_file(home).read_text())["pid"]), signal.SIGKILL)
        wait_until(lambda: not is_up(home), seconds=10, what="the keeper's end")
        lease.ensure()
        assert query(home, "SELECT 1") == [(1,)]


def test_chinese_text_has_trigrams(home: Home) -> None:
    """With the plain C locale it has none, and searching for names would silently find nothing."""
    with Lease(home, BOTH):
        query(home, "CREATE EXTENSION pg_trgm")
        assert query(home, "SELECT similarity('汽车保险', '汽车保险')") == [(1.0,)]


def test_the_broker_never_drops_a_key_to_make_room(home: Home) -> None:
    with Lease(home, BOTH), redis.Redis(unix_socket_path=str(home.valkey_socket)) as broker:
        assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert broker.config_get("appendonly") == {"appendonly": "yes"}


def test_data_in_use_cannot_be_dropped(home: Home, user: Callable[[], subprocess.Popen[str]]) -> None:
    user()
    with pytest.raises(HomeError, match="in use"), exclusive_use(home):
        pass


def test_servers_of_the_environment_take_the_place_of_embedded_ones() -> None:
    assert servers_needed({}) == BOTH
    assert servers_needed({"DATABASE_URL": "postgresql://u@h/n"}) == {"valkey"}
    assert servers_needed({"DATABASE_URL": "postgresql://u@h/n", "REDIS_URL": "redis://h"}) == frozenset()
