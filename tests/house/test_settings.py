"""What the program reads of its environment is written down, and settings come from nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from config.home import ROOT, SECRETS
from tests.house.sources import PRODUCT, name, python_files, tree_of

SETTINGS = ROOT / "config" / "settings.py"
EXAMPLE = ROOT / ".env.example"
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")
LISTED = re.compile(r"^#?\s*([A-Z][A-Z0-9_]+)=", re.MULTILINE)

# Read, but nobody's to set in `.env`.
OF_A_TOOL = {
    "DJANGO_SETTINGS_MODULE": "Django's own; the launcher sets it",
    "PATH": "the machine's",
}


def read_in(tree: ast.Module) -> Iterator[str]:
    """Names of variables read by `env.str("X")`, `os.environ["X"]`, `os.environ.get("X")`."""
    # A WSGI request has an `environ` of its own; one that is `os.environ` is said to be.
    named = any(
        isinstance(node, ast.Assign) and ast.unparse(node.value) == "os.environ" for node in ast.walk(tree)
    )
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=str(found)), *_]
            ):
                yield found
            case ast.Call(
                func=ast.Attribute(attr="get" | "pop", value=where), args=[ast.Constant(value=str(found)), *_]
            ):
                if is_environment(where, named) and VARIABLE.fullmatch(found):
                    yield found
            case ast.Subscript(value=where, slice=ast.Constant(value=str(found)), ctx=ast.Load()):
                if is_environment(where, named):
                    yield found
            case _:
                pass


def is_environment(node: ast.expr, named: bool) -> bool:
    return ast.unparse(node) == "os.environ" or (named and ast.unparse(node) == "environ")


def variables() -> dict[str, str]:
    """Name -> a file that reads it."""
    return {
        found: name(path)
        for path in python_files(*PRODUCT)
        for found in read_in(tree_of(path))
        if found not in OF_A_TOOL
    }


def test_the_example_lists_every_variable_that_is_read() -> None:
    read = variables()
    assert len(read) > 15
    listed = set(LISTED.findall(EXAMPLE.read_text()))
    assert {found: where for found, where in read.items() if found not in listed} == {}


def test_the_example_lists_nothing_that_nobody_reads() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    listed = set(LISTED.findall(EXAMPLE.read_text()))
    assert {found for found in listed - set(variables()) if found not in compose} == set()


def test_the_example_gives_away_no_secret() -> None:
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
    assert {secret: values.get(secret) for secret in SECRETS if values.get(secret)} == {}
    assert set(SECRETS) <= set(values)


def test_settings_read_the_environment_and_nothing_else() -> None:
    """No file, no command, no module that only some installation has; `try` would hide a missing value."""
    tree = tree_of(SETTINGS)
    forbidden = {
        "open",
        "read_text",
        "read_bytes",
        "run",
        "check_output",
        "getenv",
        "exec",
        "eval",
        "import_module",
    }
    found = [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        or (
            isinstance(node, ast.Call)
            and (
                (isinstance(node.func, ast.Name) and node.func.id in forbidden)
                or (isinstance(node.func, ast.Attribute) and node.func.attr in forbidden)
            )
        )
        or (isinstance(node, ast.ImportFrom) and node.module is not None and node.module.endswith("local"))
    ]
    assert found == []


def test_no_secret_has_a_default() -> None:
    """A key that is missing stops the start: a known default would open every installation."""
    defaults = []
    for node in ast.walk(tree_of(SETTINGS)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=str(found)), *_]
            ):
                if found in {*SECRETS, "DATABASE_URL"} and any(
                    word.arg == "default" for word in node.keywords
                ):
                    defaults.append(found)
            case _:
                pass
    assert defaults == []


@pytest.mark.parametrize("flag", ["DEBUG"])
def test_what_must_not_be_switched_on_from_outside_is_fixed(flag: str) -> None:
    values = [
        node.value
        for node in tree_of(SETTINGS).body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == flag for target in node.targets)
    ]
    assert [isinstance(value, ast.Constant) and value.value is False for value in values] == [True]
