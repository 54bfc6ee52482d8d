"""Kinds of case: what a kind may declare, and that the declared tables agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import kinds
from cases.kinds import COMMON_VERB_LABELS, FaultyKind, Kind, WaitsFor
from cases.migrations_support import pairs_of
from tests.cases.samples import SAMPLE

NAMES = ("A", "B", "C", "D", "E")


@st.composite
def tables(draw: st.DrawFn) -> dict[str, frozenset[str]]:
    """Any table of ways between up to five statuses."""
    statuses = NAMES[: draw(st.integers(1, len(NAMES)))]
    return {status: draw(st.frozensets(st.sampled_from(statuses))) for status in statuses}


def build(ways: dict[str, frozenset[str]], waits_for: dict[str, WaitsFor]) -> Kind:
    """A kind of these tables."""
    return replace(
        SAMPLE,
        initial="A",
        transitions=ways,
        waits_for=waits_for,
        status_labels=dict.fromkeys(ways, "x"),
        max_age={},
    )


@given(tables(), st.data())
def test_a_kind_that_can_be_made_reaches_every_status_and_waits_for_somebody_in_all_but_the_last(
    ways: dict[str, frozenset[str]], data: st.DataObject
) -> None:
    waits_for = {status: data.draw(st.sampled_from(list(WaitsFor))) for status in ways}
    reached, frontier = set(), {"A"}
    while frontier:
        reached |= frontier
        frontier = {to for status in frontier for to in ways[status]} - reached
    sound = reached == set(ways) and all(
        ways[status] or waits_for[status] is WaitsFor.NOBODY for status in ways
    )
    if sound:
        assert build(ways, waits_for).allows("A", "B") == ("B" in ways["A"])
    else:
        with pytest.raises(FaultyKind):
            build(ways, waits_for)


def test_every_registered_kind_has_words_for_its_verbs_and_statuses() -> None:
    for kind in kinds.all_kinds():
        assert all(str(kind.verb_label(verb)) != verb for verb in kind.verbs | COMMON_VERB_LABELS.keys())
        assert all(str(label) for label in kind.status_labels.values())


# In prison nobody can draw, and nobody here can say when that ends: an officer writes down that it has.
RESTS = {("claim", "INTERRUPTED")}


def test_every_registered_kind_waits_for_somebody_wherever_a_case_can_get_stuck() -> None:
    """A status that nobody waits for is final, or at rest until it ends or the next step's owner acts."""
    for kind in kinds.all_kinds():
        for status, ways in kind.transitions.items():
            if kind.waits_for[status] is WaitsFor.NOBODY and (kind.code, status) not in RESTS:
                onward = [to for to in ways if kind.transitions[to]]
                assert all(kind.waits_for[to] is not WaitsFor.NOBODY for to in onward), (kind.code, status)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"initial": "NOWHERE"}, "initial"),
        ({"prefix": "sp"}, "prefix"),
        ({"status_labels": {}}, "status_labels"),
        ({"verbs": frozenset({"sample.unnamed"})}, "label"),
        ({"decided": frozenset({"NOWHERE"})}, "undeclared"),
    ],
)
def test_a_kind_that_contradicts_itself_stops_the_program(changed: dict[str, object], problem: str) -> None:
    with pytest.raises(FaultyKind, match=problem):
        replace(SAMPLE, **changed)  # type: ignore[arg-type]  # faults on purpose


def test_two_kinds_cannot_share_a_code_or_a_prefix() -> None:
    with pytest.raises(FaultyKind, match="taken"):
        kinds.register(replace(SAMPLE, code="other"))
    with pytest.raises(FaultyKind, match="taken"):
        kinds.register(replace(SAMPLE, prefix="YY"))


def test_the_database_learns_each_status_and_that_a_persons_step_may_wait_for_an_office() -> None:
    pairs = pairs_of(SAMPLE)
    assert ("sample", "FIRST", "HANDLER") in pairs
    assert ("sample", "FIRST", "OFFICE") in pairs
    assert ("sample", "DONE", "OFFICE") not in pairs
    assert {status for _kind, status, _waits in pairs} == set(SAMPLE.transitions)
