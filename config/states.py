"""The statuses of every kind of case as a document: written from the registered kinds, so that it cannot lie.

Reads nothing but the kinds; the command `document_states` writes what this makes, a house test compares it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.utils.translation import override

from cases.kinds import WAITS_FOR_LABELS, Kind, Place, WaitsFor
from config.home import ROOT

STATES_FILE: Path = ROOT / "docs" / "states.md"

_HEAD = """\
# Statuses

Written by `./manage document_states` from the registered kinds (`claims/kinds.py`, `payouts/kinds.py`,
`policy/kinds.py`); a test compares it. Nothing moves a case but `cases.services.transition` and
`transition_many`, and the database refuses a status that is not here.

*Waits for* says whom a case waits for; from it come the queue's tabs, the tracker's words, pausing clocks
(the applicant alone pauses them) and alarms. A case of a handler or a reviewer that waits for another office
keeps its status and waits for OFFICE. *Alarm* is the age at which a case that has not moved is too old.

| waits for | Chinese |
|---|---|
"""
_PLACES = {
    Place.QUEUE: "in the queue, among all others",
    Place.TAB: "in the queue, in a tab of its own",
    Place.PAGE: "on a page of its own app",
}


def states_document(kinds: Iterable[Kind]) -> str:
    """The whole document, kinds in the order of their codes."""
    with override("zh-hans"):
        rows = [f"| {whom.value} | {WAITS_FOR_LABELS[whom]} |\n" for whom in WaitsFor]
        parts = [_section(kind) for kind in sorted(kinds, key=lambda kind: kind.code)]
    return _HEAD + "".join(rows) + "".join(parts)


def _section(kind: Kind) -> str:
    statuses = _in_order(kind)
    lines = [
        "",
        f"## {kind.code} · {kind.label}",
        "",
        f"Case numbers begin with `{kind.prefix}`. Shown {_PLACES[kind.place]}.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {kind.initial}",
    ]
    for status in statuses:
        lines += [f"    {status} --> {to}" for to in statuses if to in kind.transitions[status]]
        if not kind.transitions[status]:
            lines.append(f"    {status} --> [*]")
    lines += ["```", "", "| status | Chinese | waits for | next | alarm |", "|---|---|---|---|---|"]
    for status in statuses:
        following = ", ".join(to for to in statuses if to in kind.transitions[status]) or "(final)"
        lines.append(
            f"| {status} | {kind.status_labels[status]} | {kind.waits_for[status]} | {following} "
            f"| {_age(kind.max_age.get(status))} |"
        )
    lines += ["", "| verb | Chinese |", "|---|---|"]
    lines += [f"| `{verb}` | {kind.verb_label(verb)} |" for verb in sorted(kind.verbs)]
    return "\n".join(lines) + "\n"


def _in_order(kind: Kind) -> list[str]:
    """The statuses as they are declared, the initial one first: a set has no order of its own."""
    return [kind.initial, *(status for status in kind.transitions if status != kind.initial)]


def _age(age: timedelta | None) -> str:
    if age is None:
        return ""
    hours = int(age.total_seconds()) // 3_600
    return f"{age.days} d" if hours % 24 == 0 else f"{hours} h"
