"""Inside an app the imports go down too: services know nothing of the edge.

import-linter checks the staircase between apps; it cannot name `django.http` or one name of a module, so
these are looked for in the syntax trees.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.home import ROOT

APPS = ("accounts", "cases", "policy", "gateways", "payouts", "enterprises", "claims", "subsidies", "audit")
EDGE_OF_AN_APP = frozenset({"tasks", "forms", "views", "api", "urls"})
EDGE_OF_DJANGO = (
    "celery",
    "django.http",
    "django.shortcuts",
    "django.views",
    "rest_framework",
)


def modules(*packages: str) -> Iterator[Path]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_edge(name: str) -> bool:
    parts = name.split(".")
    return (parts[0] in APPS and len(parts) > 1 and parts[1] in EDGE_OF_AN_APP) or any(
        name == edge or name.startswith(f"{edge}.") for edge in EDGE_OF_DJANGO
    )


INNER = [
    path
    for path in modules(*APPS)
    if path.name in ("services.py", "selectors.py", "batch.py", "models.py") or path.parent.name == "services"
]


def test_there_are_inner_modules_to_look_at() -> None:
    assert {path.parent.name for path in INNER} >= {"accounts", "cases", "gateways"}


@pytest.mark.parametrize("path", INNER, ids=lambda path: str(path.relative_to(ROOT)))
def test_models_selectors_and_services_know_nothing_of_the_edge(path: Path) -> None:
    assert [f"line {line}: {name}" for line, name in imported(path) if is_edge(name)] == []
