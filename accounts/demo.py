"""The officers, citizens and machine client of a demo, and their passwords, kept from start to start.

Only the command `demo_accounts` uses it, and only where the outside world is the sandbox. It must never be
reachable
from a page, and never write its file for others to read.
"""

import base64
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import urllib3

from accounts.models import Role, User
from accounts.selectors import machine, staff_by_username
from accounts.services import create_staff, ensure_client, reset_credentials

CITY = "130100"
SANDBOX_SECONDS = 10
CITIZENS_OF_A_SCENARIO = 3
# The scenarios first that a visitor wants to try; the sandbox may know more.
SCENARIOS = (
    "CLEAN",
    "STILL_EMPLOYED",
    "SEPARATION_DISPUTED",
    "SOURCE_DOWN",
    "CARD_CLOSED",
    "PAYMENT_RETURNED_LATER",
    "RESIGNED",
    "TOO_FEW_MONTHS",
    "DRAWS_PENSION",
    "INSURED_ELSEWHERE",
    "OPERATES_BUSINESS",
)
CLIENT_NAME = "第三方稽核（演示）"
CLIENT_SCOPES = ("determinations:read",)


ENTERPRISES_OF_A_SCENARIO = 3
UNIT_SCENARIOS = (
    "SMALL_PASSES",
    "TWO_UNITS",
    "OWNER_APPLIES",
    "DEREGISTERED",
    "DEREGISTERED_LATER",
    "LAYOFF_AT_LIMIT",
    "LAYOFF_ONE_OVER",
    "SMALL_AT_LIMIT",
    "SMALL_ONE_OVER",
    "HIDDEN_LAYOFFS",
    "MISSING_MONTH",
    "IN_ARREARS",
    "LISTED",
    "LISTED_LATER",
    "TARIFF",
    "ACCOUNT_CLOSED",
    "NO_ACCOUNT",
    "NO_2020_RECORD",
    "NO_MEASURES",
    "LARGE_FIRM",
    "CLASS_TRUE",
    "CLASS_FALSE",
    "DISPATCH_STATE_BODY",
    "LAW_FIRM_320",
)


class SandboxAway(Exception):
    """The sandbox did not answer, so that no list of people could be read."""


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of the demo: a role, a user name, a name that belongs to nobody."""

    role: Role
    username: str
    full_name: str
    regions: tuple[str, ...] = (CITY,)


OFFICERS = (
    Officer(Role.HANDLER, "handler1", "经办员甲"),
    Officer(Role.HANDLER, "handler2", "经办员乙"),
    Officer(Role.REVIEWER, "reviewer1", "复核员甲"),
    Officer(Role.REVIEWER, "reviewer2", "复核员乙"),
    Officer(Role.SUPERVISOR, "supervisor1", "主管甲"),
    Officer(Role.SUPERVISOR, "supervisor2", "主管乙"),
    Officer(Role.AUDITOR, "auditor1", "稽核员甲"),
    Officer(Role.SYSTEM_ADMIN, "sysadmin1", "系统管理员甲", ()),
    Officer(Role.SECURITY_ADMIN, "secadmin1", "安全管理员甲", ()),
    Officer(Role.AUDIT_ADMIN, "auditadmin1", "审计管理员甲", ()),
)

Entry = dict[str, object]


def write_private(path: Path, content: object) -> None:
    """Write JSON that only the owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.write("\n")
    draft.replace(path)


def remembered(path: Path) -> dict[str, dict[str, str]]:
    """Passwords and secrets of earlier starts by user name; completed with new ones and written back."""
    known: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    before = len(known)
    for officer in OFFICERS:
        known.setdefault(
            officer.username,
            {
                "password": secrets.token_urlsafe(15),
                "totp_secret": base64.b32encode(secrets.token_bytes(20)).decode(),
            },
        )
    known.setdefault(
        "api_client", {"client_id": secrets.token_hex(16), "client_secret": secrets.token_urlsafe(32)}
    )
    if len(known) != before:
        write_private(path, known)
    return known


def ensure_officers(credentials: Mapping[str, Mapping[str, str]], *, now: datetime) -> list[Entry]:
    """Register the officers that are missing; put the credentials right of those that have others."""
    actor = machine()
    entries: list[Entry] = []
    for officer in OFFICERS:
        kept = credentials[officer.username]
        user = staff_by_username(officer.username)
        if user is None:
            create_staff(
                username=officer.username,
                full_name=officer.full_name,
                roles=[officer.role],
                regions=officer.regions,
                password=kept["password"],
                totp_secret=kept["totp_secret"],
                actor=actor,
                now=now,
            )
        elif not user.check_password(kept["password"]):
            reset_credentials(
                user=user, password=kept["password"], totp_secret=kept["totp_secret"], actor=actor, now=now
            )
        entries.append({"role": officer.role.value, "username": officer.username, **kept})
    return entries


def ensure_api_client(kept: Mapping[str, str], *, actor: User, now: datetime) -> Entry:
    """The one machine client of the demo."""
    ensure_client(
        client_id=kept["client_id"],
        secret=kept["client_secret"],
        name=CLIENT_NAME,
        scopes=CLIENT_SCOPES,
        actor=actor,
        now=now,
    )
    return {"name": CLIENT_NAME, **kept, "scopes": list(CLIENT_SCOPES)}


def citizens(sandbox_url: str) -> list[Entry]:
    """A few people of each scenario who have not applied yet, as the sandbox lists them.

    Raises SandboxAway.
    """
    with urllib3.PoolManager(timeout=SANDBOX_SECONDS, retries=False) as pool:
        return [
            {"scenario": scenario, "name": str(person["name"]), "id_number": str(person["id_number"])}
            for scenario in SCENARIOS
            for person in _people(pool, sandbox_url, scenario)
        ]


def enterprises(sandbox_url: str) -> list[Entry]:
    """A few units of each scenario that may sign in, as the sandbox lists them. Raises SandboxAway."""
    with urllib3.PoolManager(timeout=SANDBOX_SECONDS, retries=False) as pool:
        return [
            {"scenario": scenario, "name": str(unit["name"]), "uscc": str(unit["code"])}
            for scenario in UNIT_SCENARIOS
            for unit in _listed(
                pool,
                f"{sandbox_url.rstrip('/')}/units",
                {"scenario": scenario, "limit": str(ENTERPRISES_OF_A_SCENARIO)},
            )
        ]


def _people(pool: urllib3.PoolManager, sandbox_url: str, scenario: str) -> Sequence[Mapping[str, object]]:
    fields = {"scenario": scenario, "available": "1", "limit": str(CITIZENS_OF_A_SCENARIO)}
    return _listed(pool, f"{sandbox_url.rstrip('/')}/people", fields)


def _listed(
    pool: urllib3.PoolManager, address: str, fields: Mapping[str, str]
) -> Sequence[Mapping[str, object]]:
    try:
        answer = pool.request("GET", address, fields=dict(fields))
    except urllib3.exceptions.HTTPError as trouble:
        raise SandboxAway(str(trouble)) from trouble
    if answer.status != 200:
        raise SandboxAway(f"the sandbox answered {answer.status}")
    found = answer.json()
    if not isinstance(found, list):
        raise SandboxAway("the sandbox answered something that is no list")
    return found


def demo_accounts(*, secrets_file: Path, base_url: str, sandbox_url: str, now: datetime) -> dict[str, object]:
    """Everything `demo.json` holds (contracts: a list is empty until there is something to sign in to)."""
    credentials = remembered(secrets_file)
    return {
        "base_url": base_url,
        "sandbox_url": sandbox_url,
        "staff": ensure_officers(credentials, now=now),
        "citizens": citizens(sandbox_url),
        "enterprises": enterprises(sandbox_url),
        "api_clients": [ensure_api_client(credentials["api_client"], actor=machine(), now=now)],
    }
