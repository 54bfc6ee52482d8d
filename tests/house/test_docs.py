"""What the documents name exists: modules, functions, files, commands, variables of the environment."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

from cases.kinds import all_kinds
from config.home import ROOT
from config.states import STATES_FILE
from tests.house.sources import PRODUCT

DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))
CODE = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(rf"(?:{'|'.join(PRODUCT)})(?:\.[A-Za-z_]\w*)+")
FILE = re.compile(r"(?:\.?[\w-]+/)+[\w.-]+\.(?:py|md|toml|html|css|yml|json)")
COMMAND = re.compile(r"\./manage ([a-z_]+)|manage\.py ([a-z_]+)")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
VARIABLE = re.compile(r"ANYE_[A-Z_]+")
VERBS = frozenset().union(*(kind.verbs for kind in all_kinds()))
"""They look like names of modules."""
BY_HAND = {"decide"}
"""Handed over before Django is set up."""


def named(text: str) -> list[str]:
    """Everything set as code outside of blocks."""
    return CODE.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@cache
def exists(dotted: str) -> bool:
    """Whether a dotted name leads to a module or to something in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def test_there_are_documents() -> None:
    own = {"house.md", "glossary.md", "runbook.md", "security.md", "scale.md"}
    assert {path.name for path in DOCUMENTS} >= own | {"states.md", "wire.md", "law-book.md"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_name_in_a_document_leads_somewhere(path: Path) -> None:
    words = named(path.read_text(encoding="utf-8"))
    if path == STATES_FILE:
        words = [word for word in words if word not in VERBS]
    dead = [
        word for word in words if DOTTED.fullmatch(word) and not word.endswith(".py") and not exists(word)
    ]
    dead += [
        word
        for word in words
        if FILE.fullmatch(word) and not (ROOT / word).exists() and not word.startswith("var/")
    ]
    assert dead == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_a_document_exists(path: Path) -> None:
    known = set(get_commands()) | BY_HAND
    given = {first or second for first, second in COMMAND.findall(path.read_text(encoding="utf-8"))}
    assert given - known == set()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_variable_of_a_document_is_in_the_example(path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    assert {
        name for name in VARIABLE.findall(path.read_text(encoding="utf-8")) if name not in example
    } == set()


def test_every_table_of_the_scale_document_exists() -> None:
    tables = {model._meta.db_table for model in apps.get_models()}
    text = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    given = {word for word in named(text) if re.fullmatch(r"(?:cases|gateways|payouts|claims)_[a-z]+", word)}
    assert given
    assert given - tables == set()


def test_a_dead_name_would_be_noticed() -> None:
    assert exists("claims.services.verify_claim")
    assert not exists("claims.services.no_such_thing")
    assert not exists("claims.no_such_module")
