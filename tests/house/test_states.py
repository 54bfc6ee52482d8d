"""docs/states.md is what the registered kinds say, and would not be if a kind changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command

from cases import kinds
from config.management.commands import document_states
from config.states import STATES_FILE, states_document

KINDS = tuple(kind for kind in kinds.all_kinds() if kind.code != "sample")


def test_the_document_is_up_to_date() -> None:
    assert STATES_FILE.read_text(encoding="utf-8") == states_document(KINDS), (
        "run ./manage document_states and commit docs/states.md"
    )


def test_every_way_of_every_kind_is_drawn() -> None:
    document = states_document(KINDS)
    for kind in KINDS:
        for status, ways in kind.transitions.items():
            assert all(f"    {status} --> {to}\n" in document for to in ways)


def test_a_way_that_is_gone_would_be_noticed() -> None:
    claim = kinds.get("claim")
    shorter = replace(
        claim, transitions={**claim.transitions, "REVIEW1": frozenset({"REVIEW2", "SUPPLEMENT"})}
    )
    others = [kind for kind in KINDS if kind.code != "claim"]
    assert states_document([shorter, *others]) != states_document(KINDS)


def test_the_command_writes_it_and_says_when_it_is_out_of_date(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = tmp_path / "states.md"
    monkeypatch.setattr(document_states, "STATES_FILE", written)
    for stands in (False, True):
        if stands:
            written.write_text("something else")
        with pytest.raises(SystemExit) as ended:
            call_command("document_states", check=True)
        assert ended.value.code == 1
    call_command("document_states")
    call_command("document_states", check=True)
    assert "stateDiagram-v2" in written.read_text(encoding="utf-8")
