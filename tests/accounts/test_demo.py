"""The demo's accounts: complete, kept from start to start, and readable by their owner alone."""

from __future__ import annotations

import io
import json
import stat
from datetime import date
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import STAFF_ROLES, User
from accounts.selectors import staff_by_username
from sandbox.server import running
from tests.accounts.people import code_of

pytestmark = pytest.mark.django_db
BASE = "http://127.0.0.1:8000"


def written(path: Path, sandbox_url: str) -> str:
    call_command("demo_accounts", write=path, base_url=BASE, sandbox_url=sandbox_url, stdout=io.StringIO())
    return path.read_text(encoding="utf-8")


def test_a_second_start_writes_the_same_and_every_entry_opens_its_door(
    tmp_path: Path, client: Client
) -> None:
    cache.clear()
    path = tmp_path / "demo.json"
    with running(tmp_path / "box.sqlite3", product=BASE, today=date(2026, 11, 23)) as box:
        first = written(path, box.url)
        assert written(path, box.url) == first
        User.objects.exclude(username="system").update(password="lost")
        assert written(path, box.url) == first, "an officer whose password was lost gets it back"
    demo = json.loads(first)
    assert set(demo) == {"base_url", "sandbox_url", "staff", "citizens", "enterprises", "api_clients"}
    roles = [entry["role"] for entry in demo["staff"]]
    assert set(roles) == set(STAFF_ROLES)
    assert [roles.count(role) for role in ("HANDLER", "REVIEWER", "SUPERVISOR")] == [2, 2, 2]
    assert {entry["scenario"] for entry in demo["citizens"]} >= {
        "CLEAN",
        "SEPARATION_DISPUTED",
        "CARD_CLOSED",
    }
    assert [entry["scenario"] for entry in demo["enterprises"]].count("SMALL_PASSES") == 3
    assert all(set(entry) == {"scenario", "name", "uscc"} for entry in demo["enterprises"])
    assert set(demo["citizens"][0]) == {"scenario", "name", "id_number"}
    for name in ("demo.json", "demo-secrets.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    for entry in demo["staff"]:
        client.post("/staff/sign-in/", {"login": entry["username"], "password": entry["password"]})
        client.post("/staff/sign-in/code/", {"code": code_of(entry["totp_secret"])})
        user = staff_by_username(entry["username"])
        assert user is not None
        assert client.session["_auth_user_id"] == str(user.pk)
        client.logout()
    machine_client = demo["api_clients"][0]
    fields = {key: machine_client[key] for key in ("client_id", "client_secret")}
    answer = client.post("/api/v1/token/", fields | {"grant_type": "client_credentials"})
    assert answer.json()["scope"].split() == machine_client["scopes"]


def test_where_the_outside_world_is_real_there_are_no_demo_accounts(
    tmp_path: Path, settings: Settings
) -> None:
    settings.ANYE_DEMO = False
    with pytest.raises(CommandError):
        written(tmp_path / "demo.json", "http://127.0.0.1:9")
    assert not User.objects.exclude(username="system").exists()


def test_a_sandbox_that_does_not_answer_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not answer"):
        written(tmp_path / "demo.json", "http://127.0.0.1:9")
    assert not (tmp_path / "demo.json").exists()


def test_the_first_security_administrator_is_registered_from_the_command_line(
    capsys: pytest.CaptureFixture[str], client: Client
) -> None:
    cache.clear()
    call_command("create_staff", username="first", full_name="甲", role=["SECURITY_ADMIN"])
    username, password = capsys.readouterr().out.split()
    answer = client.post("/staff/sign-in/", {"login": username, "password": password})
    assert answer.status_code == 302
    assert client.get("/staff/recovery-codes/")["Location"] == "/staff/second-factor/"
    with pytest.raises(CommandError, match=r"user\.exists"):
        call_command("create_staff", username="first", full_name="甲", role=["HANDLER"])
