"""Writes intakes: a file from the core system is received, read in parts, settled in one transaction.

What the rows mean is the business of the app that takes them (`Taker`): it stages each part, and settles all
of them at the end. A worker that is killed leaves nothing of a file behind but the file, which is then read
again from its beginning; two workers never read the same one: who works at it holds a lock that ends with the
connection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BufferedReader, RawIOBase
from itertools import repeat
from typing import BinaryIO, Protocol

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from accounts.models import User
from accounts.roles import Action, can
from cases.cells import masked
from cases.copying import cell, copy_columns
from cases.intake_models import Intake, IntakeFault, IntakePiece
from cases.sheets import MOST_BYTES, Fault, Layout, Open, Part, open_sheet
from law.errors import Refused
from law.workdays import legal_day

PIECE = 1024 * 1024


@dataclass
class Settled:
    """What became of the rows of a file. `total_fen`: what is owed by them, where they say that."""

    added: int = 0
    unchanged: int = 0
    total_fen: int = 0
    faults: list[Fault] = field(default_factory=list)


class Taker(Protocol):
    """Takes the rows of one kind of sheet; made anew for each reading."""

    layout: Layout

    def take(self, part: Part) -> Sequence[Fault]:
        """Stage the good rows of a part; what is wrong with those that cannot be taken after all."""

    def settle(self, intake: Intake, *, is_final: bool, now: datetime) -> Settled:
        """Write what was staged, in the caller's transaction; not final: only say what would come of it."""


@dataclass(frozen=True)
class Line:
    """One kind of intake: its columns on a day, who takes its rows, and whether another officer must sign
    before they count.
    """

    kind: Intake.Kind
    layout: Callable[[date], Layout]
    taker: Callable[[date], Taker]
    needs_signature: bool = False


@transaction.atomic
def receive(*, kind: Intake.Kind, file_name: str, content: BinaryIO, actor: User, now: datetime) -> Intake:
    """Keep a file until it has been read. The same file again is the one that waits already.

    `Refused`: "intake.empty", "intake.too_large" (most).
    """
    size, sha256 = measure(content)
    if not size:
        raise Refused("intake.empty")
    if size > MOST_BYTES:
        raise Refused("intake.too_large", most=MOST_BYTES // (1024 * 1024))
    stopped = Intake.objects.select_for_update().filter(
        kind=kind, sha256=sha256, finished_at=None, is_kept=False
    )
    for left in stopped:  # a command that was killed: nothing of it was written
        _end(left, now=now, problem=Refused("intake.stopped"))
    intake = _begun(kind, file_name, size, sha256, actor=actor, is_kept=True, now=now)
    if not intake.pieces.exists():
        content.seek(0)
        for serial, piece in enumerate(_pieces(content)):
            IntakePiece.objects.create(intake=intake, serial=serial, content=piece)
    return intake


@transaction.atomic
def announce(*, kind: Intake.Kind, file_name: str, content: BinaryIO, actor: User, now: datetime) -> Intake:
    """Note a file that is read where it lies. `Refused("intake.empty")`."""
    size, sha256 = measure(content)
    if not size:
        raise Refused("intake.empty")
    return _begun(kind, file_name, size, sha256, actor=actor, is_kept=False, now=now)


def _begun(
    kind: Intake.Kind,
    file_name: str,
    size: int,
    sha256: str,
    *,
    actor: User,
    is_kept: bool,
    now: datetime,
) -> Intake:
    try:
        with transaction.atomic():
            return Intake.objects.create(
                kind=kind,
                asked_by=actor,
                asked_at=now,
                file_name=safe_name(file_name),
                size=size,
                sha256=sha256,
                is_kept=is_kept,
            )
    except IntegrityError:
        return Intake.objects.get(kind=kind, sha256=sha256, finished_at=None)


@transaction.atomic
def sign(*, intake: Intake, line: Line, actor: User, now: datetime) -> None:
    """Another officer's word that a file which was checked shall count.

    `Refused`: "intake.own", "intake.not_waiting".
    """
    locked = Intake.objects.select_for_update().get(pk=intake.pk)
    if not line.needs_signature or not waits_for_signature(locked):
        raise Refused("intake.not_waiting")
    if locked.asked_by_id == actor.pk:
        raise Refused("intake.own")
    locked.signed_by, locked.signed_at = actor, now
    locked.save(update_fields=["signed_by", "signed_at"])


@transaction.atomic
def withdraw(*, intake: Intake, now: datetime) -> None:
    """Drop a file that waits for a signature. `Refused("intake.not_waiting")`."""
    locked = Intake.objects.select_for_update().get(pk=intake.pk)
    if not waits_for_signature(locked):
        raise Refused("intake.not_waiting")
    _end(locked, now=now, problem=Refused("intake.withdrawn"))


def waits_for_signature(intake: Intake) -> bool:
    """Whether it was checked and nobody has signed it yet."""
    return intake.finished_at is None and intake.checked_at is not None and intake.signed_at is None


def go_on(*, intake_id: int, lines: Mapping[str, Line], now: datetime, opened: Open | None = None) -> bool:
    """Read and settle a file; False if somebody else is at it, or it waits for a signature.

    `opened` opens a file that is not kept here.
    """
    with _alone(intake_id) as is_alone:
        if not is_alone:
            return False
        intake = Intake.objects.select_related("asked_by").get(pk=intake_id)
        if intake.finished_at is not None or waits_for_signature(intake):
            return intake.finished_at is not None
        line = lines[intake.kind]
        if intake.is_kept and not can(intake.asked_by, Action.IMPORT):
            _end(intake, now=now, problem=Refused("intake.no_right"))
            return True
        _begin(intake, now=now)
        taker = line.taker(legal_day(now))
        try:
            _stage(intake, taker, opened or (lambda: BufferedReader(_Kept(intake_id), PIECE)))
            _settle(intake, taker, is_final=_is_final(intake, line), now=now)
        except Refused as refused:
            _end(intake, now=now, problem=refused)
    return True


def unfinished() -> list[int]:
    """The files kept here that are to be read, oldest first."""
    waiting = Intake.objects.filter(finished_at=None, is_kept=True)
    signed = waiting.filter(Q(checked_at=None) | Q(signed_at__isnull=False))
    return list(signed.order_by("pk").values_list("pk", flat=True))


def problem_of(intake: Intake) -> Refused:
    """What stopped it, as it was refused."""
    stopped = Refused("intake.stopped")
    stopped.code, stopped.numbers = intake.problem, intake.problem_numbers
    return stopped


def measure(content: BinaryIO) -> tuple[int, str]:
    """Size and SHA-256 of a file, read once."""
    size, digest = 0, hashlib.sha256()
    content.seek(0)
    while block := content.read(PIECE):
        size += len(block)
        digest.update(block)
    return size, digest.hexdigest()


def safe_name(name: str) -> str:
    """The last part of a file's name, shortened, without a number of a person."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return masked(last, is_personal=False)[:120] or "-"


# --- reading ----------------------------------------------------------------------------------------------


@contextmanager
def _alone(intake_id: int) -> Iterator[bool]:
    """Whether nobody else works at it; then nobody else does until the end, or until this process dies."""
    key = f"intake/{intake_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        (is_alone,) = cursor.fetchone()
    try:
        yield bool(is_alone)
    finally:
        if is_alone and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def _is_final(intake: Intake, line: Line) -> bool:
    """Nothing of a kind that needs a signature is written without one; a command is an administrator's."""
    return not line.needs_signature or intake.signed_at is not None or not intake.is_kept


@transaction.atomic
def _begin(intake: Intake, *, now: datetime) -> None:
    IntakeFault.objects.filter(intake=intake).delete()
    intake.started_at = intake.started_at or now
    intake.read = intake.added = intake.unchanged = intake.refused = intake.total_fen = 0
    intake.save()


def _stage(intake: Intake, taker: Taker, opened: Open) -> None:
    with open_sheet(opened, layout=taker.layout) as sheet:
        Intake.objects.filter(pk=intake.pk).update(about=sheet.about)
        intake.about = sheet.about
        for part in sheet.parts():
            faults = [*part.faults, *taker.take(part)]
            with transaction.atomic():
                _keep(intake, faults)
                intake.read += part.read
                Intake.objects.filter(pk=intake.pk).update(read=intake.read, refused=intake.refused)


@transaction.atomic
def _settle(intake: Intake, taker: Taker, *, is_final: bool, now: datetime) -> None:
    settled = taker.settle(intake, is_final=is_final, now=now)
    _keep(intake, settled.faults)
    intake.added, intake.unchanged = settled.added, settled.unchanged
    intake.total_fen = settled.total_fen
    if is_final:
        _end(intake, now=now)
    else:
        intake.checked_at = now
        intake.save()


def _keep(intake: Intake, faults: Sequence[Fault]) -> None:
    """Add to the list of rows not taken; a row counts once, whatever is wrong with it."""
    intake.refused += len({fault.line for fault in faults})
    copy_columns(
        IntakeFault._meta.db_table,
        ("intake_id", "line", '"column"', "reason", "value"),
        (
            repeat(str(intake.pk), len(faults)),
            (str(fault.line) for fault in faults),
            (fault.column for fault in faults),
            (fault.reason for fault in faults),
            (cell(fault.value[:120]) for fault in faults),
        ),
    )


def _end(intake: Intake, *, now: datetime, problem: Refused | None = None) -> None:
    """Done, for good or not: the file itself is not needed any more."""
    if problem is not None:
        intake.problem, intake.problem_numbers = problem.code, problem.numbers
    intake.finished_at = now
    intake.save()
    IntakePiece.objects.filter(intake=intake).delete()


# --- the file while it waits ------------------------------------------------------------------------------


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    while piece := content.read(PIECE):
        yield piece


class _Kept(RawIOBase):
    """A file kept here, from its first piece to its last."""

    def __init__(self, intake_id: int) -> None:
        self._intake_id = intake_id
        self._next = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # its stub is wider
        if not self._rest:
            piece = IntakePiece.objects.filter(intake_id=self._intake_id, serial=self._next).first()
            if piece is None:
                return 0
            self._next += 1
            self._rest = memoryview(piece.content)
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
