"""The sample kind for every test here, and a database that really commits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from pytest_django import DjangoDbBlocker

from cases import kinds
from cases.migrations_support import pairs_of
from cases.models import Status
from tests.cases.samples import SAMPLE

# Made by migrations: every test counts on them.
KEPT = {"django_migrations", "django_content_type", "auth_permission", "cases_status"}


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
        add_statuses()
        try:
            yield
        finally:
            empty_database()
            connection.close()


def empty_database() -> None:
    """Delete every row a test wrote, past triggers and foreign keys, as only a superuser can."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - KEPT
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        cursor.execute("SET session_replication_role = replica")
        for table in sorted(tables & existing):
            keep = " WHERE username <> 'system'" if table == "accounts_user" else ""
            cursor.execute(f"DELETE FROM {table}{keep}")  # noqa: S608 - names of our own tables
        cursor.execute("DELETE FROM cases_status WHERE kind = %s", [SAMPLE.code])
        cursor.execute("SET session_replication_role = DEFAULT")
