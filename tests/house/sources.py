"""The product's own source files and their syntax trees, read once, for the tests of this folder."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from config.home import ROOT
from tests.house.test_layers import APPS

__all__ = ["APPS", "EVERYTHING", "PRODUCT", "ROOT", "name", "python_files", "templates", "tree_of"]

PRODUCT = (*APPS, "law", "config", "sandbox")
EVERYTHING = (*PRODUCT, "benchmarks", "tests")


def python_files(*packages: str) -> list[Path]:
    """Every Python file of these folders, and `manage.py`; generated migrations are left out."""
    found = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in [*found, ROOT / "manage.py"] if "migrations" not in path.parts]


def templates() -> list[Path]:
    """Every template of the product."""
    folders = [ROOT / "templates", *(ROOT / app / "templates" for app in APPS)]
    return sorted(path for folder in folders for path in folder.rglob("*.html"))


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(), str(path))


def name(path: Path) -> str:
    """The file's name from the project's root."""
    return str(path.relative_to(ROOT))


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call in a file."""
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    """The last name of what is called: `Refused`, or `transition` of `cases.services.transition`."""
    match call.func:
        case ast.Name(id=found):
            return found
        case ast.Attribute(attr=found):
            return found
        case _:
            return ""
