"""Sheets as a core system might write them, for any test. All numbers are synthetic."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import User
from cases import intake
from cases.intake_models import Intake
from law.identifiers import citizen_id_check_digit, uscc_check_character
from tests.factories import NOW

HEADINGS = [
    "证件号码",
    "姓名",
    "单位统一社会信用代码",
    "费款所属期",
    "缴费基数",
    "单位缴费",
    "个人缴费",
    "到账日期",
    "缴费类型",
]
LABELS = {"number": 0, "unit": 2, "month": 3, "base": 4, "unit_paid": 5, "own": 6, "paid": 7, "kind": 8}


def number(serial: int) -> str:
    """A synthetic person's number."""
    first = f"13010219850101{serial:03d}"
    return first + citizen_id_check_digit(first)


def unit(serial: int) -> str:
    first = f"91130102MA{serial:07d}"
    return first + uscc_check_character(first)


def row(serial: int = 1, of: str = "2025-09", /, **changed: str) -> list[str]:
    """A row in order, with what is `changed`."""
    cells = [number(serial), "某甲", unit(1), of, "5,000.00", "35", "15.0", "2025-10-09", "正常"]
    for name, text in changed.items():
        cells[LABELS[name]] = text
    return cells


def as_text(rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return text.getvalue()


def handed_in(
    actor: User,
    text: str = "",
    *,
    kind: Intake.Kind = Intake.Kind.CONTRIBUTIONS,
    now: datetime = NOW + timedelta(hours=1),
) -> Intake:
    """A file that an officer has handed in, not read yet; by itself it has a good row and a bad one."""
    content = (text or as_text([row(), row(2, base="-5")])).encode()
    return intake.receive(
        kind=kind, file_name="核心系统.csv", content=io.BytesIO(content), actor=actor, now=now
    )
