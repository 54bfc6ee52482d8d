"""Sessions: a change is kept without waiting for the disk, and an ended session stays ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.sessions import SessionStore


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real commits on a connection that waits for the disk; the sessions made are removed afterwards."""
    with django_db_blocker.unblock():
        before = set(Session.objects.values_list("pk", flat=True))
        wait_for_the_disk()
        yield
        Session.objects.exclude(pk__in=before).delete()
        connection.close()


def waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        return bool(cursor.fetchone()[0] == "on")


def wait_for_the_disk() -> None:
    """As the product's connections do; the tests' server does not."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")


def begun() -> SessionStore:
    store = SessionStore()
    store["seen_at"] = 1
    store.create()
    return store


def test_it_is_the_one_the_product_uses() -> None:
    assert SessionStore.__module__ == settings.SESSION_ENGINE


@pytest.mark.usefixtures("committed")
def test_a_change_is_kept_and_what_follows_waits_for_the_disk_again() -> None:
    store = begun()
    store["seen_at"] = 2
    store.save()
    assert SessionStore(store.session_key)["seen_at"] == 2
    assert waits()


@pytest.mark.django_db
def test_a_change_inside_a_transaction_leaves_its_durability_alone() -> None:
    wait_for_the_disk()
    store = begun()
    store["seen_at"] = 3
    store.save()
    assert waits()
    assert SessionStore(store.session_key)["seen_at"] == 3


@pytest.mark.usefixtures("committed")
def test_a_session_that_was_ended_meanwhile_does_not_come_back() -> None:
    store = begun()
    key = store.session_key
    assert key is not None
    SessionStore(key).delete()
    store["seen_at"] = 4
    with pytest.raises(UpdateError):
        store.save()
    assert not SessionStore().exists(key)
