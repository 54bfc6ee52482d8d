"""The law on the command line: `python -m law decide PROGRAM [--region 130100]` and `python -m law lawbook`.

`decide` reads JSON lines from standard input and writes one answer a line, in the same order; a line that
cannot be answered gets an error that names its field, and the run goes on. With `--parameters FILE` it takes
the numbers of a stored determination in place of the shipped ones. No database, no network, no clock, no
Django: `manage.py` hands the command over before it sets anything up. Exit status: 0 done, 1 a line was at
fault (or the law book is out of date), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import BinaryIO, NoReturn

from law.errors import FaultyField, MissingParameter
from law.lawbook import law_book
from law.parameters import ParameterBook, Parameters
from law.programs import CALCULATIONS, Calculation

DEFAULT_REGION = "130100"
FLUSH_AT = 1 << 18
"""Bytes of answers that are kept before they are written."""

MOST_DIGITS = 4_000
"""A whole number may be this long. Python writes no number of more than 4,300 digits, sums included."""

LAW_BOOK = Path(__file__).resolve().parent.parent / "docs" / "law-book.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; `argv` as in `["decide", "working-days"]`. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="law", description=__doc__.partition("\n")[0] if __doc__ else "")
    commands = parser.add_subparsers(dest="command", required=True)
    decider = commands.add_parser("decide", help="JSON lines in on standard input, one answer a line")
    decider.add_argument("program", choices=sorted(CALCULATIONS))
    numbers = decider.add_mutually_exclusive_group()
    numbers.add_argument("--region", default=DEFAULT_REGION, metavar="130100", help="six digits")
    numbers.add_argument(
        "--parameters", type=Path, metavar="FILE", help="a parameter set as the API gives it (JSON)"
    )
    booker = commands.add_parser("lawbook", help="write the law book from rules and values")
    booker.add_argument("--check", action="store_true", help="compare only; exit 1 if it is out of date")
    try:
        options = parser.parse_args(sys.argv[1:] if argv is None else argv)
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else 2
    if options.command == "lawbook":
        return _write_law_book(check=options.check)
    calculation = CALCULATIONS[options.program]
    try:
        parameters = _parameters(calculation, region=options.region, stored=options.parameters)
    except UsageError as fault:
        print(f"law decide: {fault}", file=sys.stderr)
        return 2
    try:
        faults = decide_lines(calculation, parameters, sys.stdin.buffer, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # the reader has gone: nothing more can be said, and Python must not try again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 1 if faults else 0


class UsageError(ValueError):
    """What was asked for on the command line cannot be had; one line, safe to show."""


def _parameters(calculation: Calculation, *, region: str, stored: Path | None) -> Parameters:
    """The shipped numbers of a region, or those of a stored set. Raises UsageError."""
    if stored is None:
        book = ParameterBook.shipped()
        if not _is_known(region, book):
            raise UsageError(f"no such region: {region}")
        return book.for_program(calculation.keys, region=region)
    try:
        snapshot = json.loads(stored.read_text(encoding="utf-8"))
        return Parameters.from_snapshot(snapshot)
    except OSError as error:
        raise UsageError(f"cannot read {stored}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{stored} is not a set of parameters") from None


def decide_lines(
    calculation: Calculation, parameters: Parameters, lines: Iterable[bytes], out: BinaryIO
) -> int:
    """Answer each line of UTF-8 JSON in its place; returns how many were at fault."""
    decode = json.JSONDecoder(parse_constant=_no_constant).decode
    # Looking at each number costs time, and a short line holds none that is too long.
    decode_long = json.JSONDecoder(parse_constant=_no_constant, parse_int=_bounded).decode
    members, dated_by = calculation.members, calculation.dated_by
    faults = 0
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        identity = "null"
        try:
            row = _object(line, decode if len(line) < MOST_DIGITS else decode_long)
            identity = _identity(row)
            answer = b'{"id": %b, %b}\n' % (identity.encode(), b", ".join(members(row, parameters)))
        except FaultyField as fault:
            faults += 1
            answer = _error(identity, fault.field, fault.message)
        except MissingParameter as missing:
            faults += 1
            answer = _error(identity, dated_by, f"没有适用的参数：{missing.key}")
        waiting.append(answer)
        size += len(answer)
        if size > FLUSH_AT:
            out.write(b"".join(waiting))
            waiting.clear()
            size = 0
    out.write(b"".join(waiting))
    return faults


def _object(line: bytes, decode: Callable[[str], object]) -> dict[str, object]:
    """The JSON object on a line. What cannot be read at all, or is no object, is a fault of `line`."""
    try:
        row = decode(line.decode())
    except (ValueError, RecursionError):
        # ValueError: not UTF-8, not JSON, or a number of more digits than can be read
        raise FaultyField("line", "这一行不是 JSON") from None
    if not isinstance(row, dict):
        raise FaultyField("line", "这一行不是 JSON 对象")
    return row


def _identity(row: dict[str, object]) -> str:
    """Takes `id` out of the row; comes back as it goes out."""
    given = row.pop("id", None)
    if type(given) is not str:
        raise FaultyField("id", "应当是文本")
    return encode_basestring_ascii(given)


def _error(identity: str, field: str, message: str) -> bytes:
    fault = json.dumps({"field": field, "message": message})
    return f'{{"id": {identity}, "error": {fault}}}\n'.encode()


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are not JSON, though Python would read them."""
    raise ValueError(f"{name} is not JSON")


def _bounded(digits: str) -> int:
    """A whole number that can be added up, multiplied and written out again. Raises ValueError."""
    if len(digits) > MOST_DIGITS:
        raise ValueError("a number of too many digits")
    return int(digits)


def _is_known(region: str, book: ParameterBook) -> bool:
    """Whether the data names this region: it has values of its own, or is a county of a city that has."""
    if re.fullmatch(r"[0-9]{6}", region, re.ASCII) is None:
        return False
    named = [name for row in book.history("region.name", region=region) for name in row.table()]
    return region in (*book.regions(), *named)


def _write_law_book(*, check: bool) -> int:
    written = law_book(ParameterBook.shipped())
    if check:
        current = LAW_BOOK.read_text(encoding="utf-8") if LAW_BOOK.exists() else ""
        if current != written:
            print(f"{LAW_BOOK.name} is out of date: run `python -m law lawbook`", file=sys.stderr)
        return int(current != written)
    LAW_BOOK.write_text(written, encoding="utf-8")
    print(LAW_BOOK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
