"""The sample kind for every test here, and a database that really commits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model
from pytest_django import DjangoDbBlocker

from cases import kinds
from cases.migrations_support import pairs_of
from cases.models import Status
from tests.cases.samples import SAMPLE


@pytest.fixture(autouse=True)
def sample_kind() -> Iterator[None]:
    """The kind is known while a test of this folder runs."""
    kinds.register(SAMPLE)
    yield
    kinds._kinds.pop(SAMPLE.code)


def add_statuses() -> None:
    """What a migration of the kind's app would do."""
    rows = [Status(kind=kind, status=status, waits_for=waits) for kind, status, waits in pairs_of(SAMPLE)]
    Status.objects.bulk_create(rows, ignore_conflicts=True)


@pytest.fixture
def statuses(db: None) -> None:
    """The database knows the sample kind, inside the test's transaction."""
    add_statuses()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Real transactions on several connections; all rows are removed afterwards.

    Django's own flush is of no use: append-only tables refuse TRUNCATE, and it would take the migrations'
    rows along.
    """
    with django_db_blocker.unblock():
        kept = keys_of_all_tables()
        add_statuses()
        try:
            yield
        finally:
            remove_all_but(kept)
            connection.close()


def keys_of_all_tables() -> dict[type[Model], list[object]]:
    """What migrations wrote: every test counts on it."""
    existing = set(connection.introspection.table_names())
    models = [
        model for model in apps.get_models(include_auto_created=True) if model._meta.db_table in existing
    ]
    return {model: list(model._base_manager.values_list("pk", flat=True)) for model in models}


def remove_all_but(kept: dict[type[Model], list[object]]) -> None:
    """Delete every row a test wrote, past triggers and foreign keys, as only a superuser can."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for model, keys in kept.items():
            rows = model._base_manager.exclude(pk__in=keys)
            rows._raw_delete(rows.db)
        cursor.execute("SET session_replication_role = DEFAULT")
