"""Alive and ready: what those who watch are told."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client

from config.worker import WORKER_SEEN_KEY, report_worker_seen


def test_alive_asks_nobody(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_names_every_part(client: Client) -> None:
    report_worker_seen()
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "broker": "ok", "worker": "ok"}


@pytest.mark.django_db
def test_not_ready_without_a_worker(client: Client) -> None:
    cache.delete(WORKER_SEEN_KEY)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "database": "ok",
        "broker": "ok",
        "worker": "unavailable",
    }


@pytest.mark.django_db
def test_not_ready_without_the_broker(client: Client, settings: pytest.FixtureRequest) -> None:
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}  # type: ignore[attr-defined]  # pytest-django's settings wrapper
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable", "database": "ok", "broker": "unavailable", "worker": "unavailable",
    }  # fmt: skip


def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("connection refused at 10.0.0.1")

    monkeypatch.setattr(connection, "cursor", refuse)
    report_worker_seen()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "unavailable"
    assert b"10.0.0.1" not in answer.content
