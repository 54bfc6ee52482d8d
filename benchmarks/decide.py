"""How fast `decide unemployment-benefit` is, against the JSON alone that its lines and answers cost.

Different facts go through the real command, a process of its own, from file to file. Start-up is not
counted: the time of a run with one line is taken off. The floor is `json.loads` of the same lines and
`json.dumps` of the finished answers, in this process. Best of three for both.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parent.parent
SIZES = (100_000,)
ROUNDS = 3


class Row(TypedDict):
    """One line of the table; `ratio` is seconds over floor_seconds."""

    name: str
    size: int
    seconds: float
    per_second: float
    floor_seconds: float
    ratio: float
    peak_mb: float


def run(sizes: Sequence[int] | None = None) -> list[Row]:
    """Measure each size; one row a size."""
    return [_measure(size) for size in sizes or SIZES]


def facts(size: int, seed: int = 1) -> list[str]:
    """`size` different lines as a city would send them: most pass, some fail, some are open."""
    chance = random.Random(seed)
    counties = [f"1301{code:02d}" for code in (2, 4, 5, 7, 8, 9, 10, 11, 21, 23, 25, 26, 27, 28, 81, 83, 84)]
    first, span = date(2024, 1, 2), 1030
    lines = []
    for position in range(size):
        woman = chance.random() < 0.5
        again = chance.random() < 0.1
        lines.append(
            json.dumps(
                {
                    "id": f"line-{position}",
                    "applied_on": (first + timedelta(days=chance.randrange(span))).isoformat(),
                    "birth_date": (date(1962, 1, 1) + timedelta(days=chance.randrange(16_000))).isoformat(),
                    "sex": "F" if woman else "M",
                    "retirement_category": chance.choice([None, "WORKER", "CADRE"]) if woman else None,
                    "contributed_months": chance.randrange(420) if chance.random() < 0.98 else "UNKNOWN",
                    "deemed_months": chance.choice([0, 0, 0, 24]),
                    "had_previous_spell": again,
                    "residual_months": chance.randrange(25) if again else 0,
                    "separation_reason": chance.choice(
                        ["Z01", "Z02", "D02", "D03", "D04", "W01", "V02", "X99"]
                    ),
                    **{
                        field: chance.choices(["NO", "YES", "UNKNOWN"], [96, 3, 1])[0]
                        for field in (
                            "employed",
                            "drawing_pension",
                            "drawing_elsewhere",
                            "imprisoned",
                            "deceased",
                            "operates_business",
                        )
                    },
                    "agency_competent": chance.choices(["YES", "NO", "UNKNOWN"], [96, 3, 1])[0],
                    "identity": chance.choices(["MATCH", "MISMATCH", "UNKNOWN"], [96, 3, 1])[0],
                    "card_account": chance.choice(["ACTIVE", "ACTIVE", "ACTIVE", "CLOSED", "INACTIVE"]),
                    "paying_county": chance.choice(counties),
                }
            )
        )
    return lines


def _measure(size: int) -> Row:
    lines = facts(size)
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "answers"
        measured = [_decide(lines, answers) for _ in range(ROUNDS)]
        floor = min(_floor(lines, answers) for _ in range(ROUNDS))
    seconds = min(took for took, _ in measured)
    return Row(
        name="decide",
        size=size,
        seconds=round(seconds, 3),
        per_second=round(size / seconds),
        floor_seconds=round(floor, 3),
        ratio=round(seconds / floor, 2),
        peak_mb=round(max(peak for _, peak in measured), 1),
    )


def _decide(lines: list[str], answers: Path) -> tuple[float, float]:
    """Seconds beyond those of a run of one line, and the most memory the command held (MB)."""
    started, _ = _command(lines[:1], answers)
    took, peak = _command(lines, answers)
    return took - started, peak


def _command(lines: list[str], answers: Path) -> tuple[float, float]:
    questions = answers.with_name("questions")
    questions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "law", "decide", "unemployment-benefit"]
    with questions.open("rb") as given, answers.open("wb") as taken:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdin=given, stdout=taken)
        # wait4 instead of wait: it tells the memory of this child alone
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"decide ended with {process.returncode}")
    return took, usage.ru_maxrss / 1024


def _floor(lines: list[str], answers: Path) -> float:
    """Seconds for the JSON alone; answers are read back in pieces, off the clock, to spare the memory."""
    took = 0.0
    with answers.open(encoding="utf-8") as given:
        for start in range(0, len(lines), 1000):
            questions = lines[start : start + 1000]
            finished = [json.loads(next(given)) for _ in questions]
            began = time.perf_counter()
            for question in questions:
                json.loads(question)
            for answer in finished:
                json.dumps(answer)
            took += time.perf_counter() - began
    return took


if __name__ == "__main__":
    print(json.dumps(run([int(size) for size in sys.argv[1:]] or None), indent=1))
