"""The containers are the same parts as those of `./run`, with the same commands and names of the environment.

No container is started here (a Docker daemon is not part of the set-up); the file is compared with the code.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.home import ROOT
from config.supervisor import PRODUCT_ONLY, beat_command, sandbox_command, web_command, worker_command

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
SETTINGS = (ROOT / "config" / "settings.py").read_text()


def as_in_a_container(command: list[str]) -> list[str]:
    """A command of the supervisor with the interpreter's place left out."""
    programs = f"{Path(sys.executable).parent}/"
    return ["python" if part == sys.executable else part.removeprefix(programs) for part in command]


def test_every_part_of_run_is_a_service() -> None:
    assert {"web", "worker", "beat", "sandbox", "postgres", "redis"} <= set(SERVICES)


@pytest.mark.parametrize(
    ("service", "command"),
    [
        ("web", web_command(8000, "0.0.0.0")),  # noqa: S104 - inside a container
        ("worker", worker_command()),
        ("beat", beat_command(Path("/var/lib/anye/beat-schedule"))),
        (
            "sandbox",
            sandbox_command(
                8001,
                Path("/var/lib/anye/sandbox.sqlite3"),
                "http://127.0.0.1:8000",
                60,
                "0.0.0.0",  # noqa: S104 - as above
            ),
        ),
    ],
)
def test_a_service_runs_the_command_of_the_supervisor(service: str, command: list[str]) -> None:
    assert SERVICES[service]["command"] == as_in_a_container(command)


def test_every_variable_of_the_file_is_explained_in_the_example() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert used <= EXAMPLE


def test_every_variable_the_settings_demand_reaches_the_product() -> None:
    demanded = set(re.findall(r'env\.\w+\("([A-Z_]+)"\)', SETTINGS)) - {"ANYE_HOME"}  # set by the image
    for service in ("prepare", "web", "worker", "seed"):
        assert demanded <= set(SERVICES[service]["environment"])


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "ANYE_FIELD_KEYS", "ANYE_DIGEST_KEY", "ANYE_TOKEN_KEY",
                 "ANYE_GATEWAY_KEY", "ANYE_OIDC_CLIENT_SECRET"):  # fmt: skip
        assert re.findall(rf"\$\{{{name}(.)", text), name
        assert set(re.findall(rf"\$\{{{name}(..)", text)) == {":?"}, name
    for line in (ROOT / ".env.example").read_text().splitlines():
        if re.match(r"(SECRET_KEY|ANYE_\w*(KEY|KEYS|SECRET)|POSTGRES_PASSWORD)=", line):
            assert line.endswith("="), line


def test_the_outside_world_knows_none_of_our_secrets() -> None:
    assert not set(SERVICES["sandbox"]["environment"]) & set(PRODUCT_ONLY)


def test_beat_runs_without_django() -> None:
    assert "DJANGO_SETTINGS_MODULE" not in SERVICES["beat"]["environment"]
    assert "DJANGO_SETTINGS_MODULE" not in (ROOT / "Dockerfile").read_text()


def test_the_image_installs_the_lock_with_its_hashes() -> None:
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text()
