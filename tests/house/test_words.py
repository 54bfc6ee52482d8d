"""Every code, verb and status has words, the database knows every status, and no words are left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from importlib import import_module

import pytest
from django.utils.functional import Promise

from accounts.sign_in import refusal_words
from cases import kinds, messages
from cases.kinds import COMMON_VERB_LABELS, Kind, WaitsFor
from cases.migrations_support import pairs_of
from cases.models import Status
from tests.house.sources import APPS, called, calls, name, python_files, tree_of

KINDS = tuple(kind for kind in kinds.all_kinds() if kind.code != "sample")
PLACE = re.compile(r"%\((\w+)\)")
# `cases.refusals.sentence` says an act in words: it needs the kind and the verb instead.
MADE_FROM = {"act": {"kind", "verb"}}


def sentences() -> dict[str, str]:
    """Code -> pattern, of every app's table; a code that two apps word differently is a mistake."""
    found: dict[str, str] = {}
    for app in APPS:
        try:
            table: Mapping[str, str | Promise] = import_module(f"{app}.refusals").SENTENCES
        except ModuleNotFoundError as missing:
            if missing.name != f"{app}.refusals":
                raise
            continue
        assert not found.keys() & table.keys()
        found |= {code: str(pattern) for code, pattern in table.items()}
    return found


def refusals() -> Iterator[tuple[str, str, set[str] | None]]:
    """Where, code, and names of the numbers it carries (None: not written out) of each `Refused`."""
    for path in python_files(*APPS, "config"):
        for call in calls(path):
            if called(call) == "Refused" and call.args:
                where = f"{name(path)}:{call.lineno}"
                first = call.args[0]
                assert isinstance(first, ast.Constant) and isinstance(first.value, str), (
                    f"{where}: a code must be written out, so that its words can be found"
                )
                given = {keyword.arg for keyword in call.keywords}
                yield where, first.value, None if None in given else {arg for arg in given if arg}


def test_every_refusal_has_words() -> None:
    known = sentences()
    raised = {code: where for where, code, _numbers in refusals()}
    unworded = {
        code: where for code, where in raised.items() if code not in known and not said_at_sign_in(code)
    }
    assert unworded == {}
    assert set(known) - set(raised) == set(), "words that nothing says any more"


def said_at_sign_in(code: str) -> bool:
    try:
        return bool(refusal_words(code))
    except KeyError:
        return False


def test_the_words_of_a_refusal_find_all_their_numbers() -> None:
    known = sentences()
    lacking = []
    for where, code, given in refusals():
        if code not in known or given is None:
            continue
        for wanted in PLACE.findall(known[code]):
            if not (MADE_FROM.get(wanted, {wanted}) <= given):
                lacking.append(f"{where}: {code} does not carry {wanted}")
    assert lacking == []


def test_there_are_kinds() -> None:
    assert {kind.code for kind in KINDS} >= {"claim", "batch", "returned", "contradiction"}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_the_database_knows_exactly_the_statuses_of_a_kind(kind: Kind) -> None:
    rows = Status.objects.filter(kind=kind.code).values_list("kind", "status", "waits_for")
    assert set(rows) >= set(pairs_of(kind))
    retired = {row[1] for row in rows} - set(kind.transitions)
    assert retired == set(), "statuses of no kind: a migration that retires them is missing"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_verb_and_status_has_words(kind: Kind) -> None:
    assert {verb for verb in kind.verbs if not str(kind.verb_label(verb)).strip()} == set()
    assert set(kind.verb_labels) - kind.verbs == set(), "words for a verb that the kind does not know"
    assert all(str(label).strip() for label in kind.status_labels.values())
    assert str(kind.label).strip()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_status_that_waits_for_anybody_has_an_alarm(kind: Kind) -> None:
    waiting = {status for status, whom in kind.waits_for.items() if whom is not WaitsFor.NOBODY}
    assert waiting - set(kind.max_age) == set()


def text_constants() -> set[str]:
    """Every string that the code of the apps says, but for the tables that declare and word it."""
    found: set[str] = set()
    for path in python_files(*APPS, "config"):
        if path.name == "kinds.py":
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_verb_is_said_somewhere() -> None:
    said = text_constants()
    silent = {verb for kind in KINDS for verb in kind.verbs if verb not in said}
    assert silent == set()


def test_no_code_says_an_unknown_verb() -> None:
    known = set(COMMON_VERB_LABELS).union(*(kind.verbs for kind in KINDS))
    unknown = []
    for path in python_files(*APPS, "config"):
        for call in calls(path):
            for keyword in call.keywords:
                if keyword.arg == "verb":
                    unknown += [
                        f"{name(path)}:{call.lineno}: {part.value}"
                        for part in ast.walk(keyword.value)
                        if isinstance(part, ast.Constant)
                        and isinstance(part.value, str)
                        and "." in part.value
                        and part.value not in known
                    ]
    assert unknown == []


def test_every_message_that_is_sent_has_words() -> None:
    """The second argument of `tell`, and `template=` of `notify`, name a registered template."""
    known = set(messages.registered())
    assert known
    unknown = []
    for path in python_files(*APPS):
        for call in calls(path):
            templates = [keyword.value for keyword in call.keywords if keyword.arg == "template"]
            if called(call) == "tell" and len(call.args) > 1:
                templates.append(call.args[1])
            unknown += [
                f"{name(path)}:{call.lineno}: {node.value}"
                for node in templates
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in known
            ]
    assert unknown == []
