"""The national comparison: one request file goes out, one answer file comes back (docs/wire.md §6).

A file is read as a whole or not at all: cut short, from another request, in another encoding than it says, or
answering what nobody asked, it is no answer. Nothing is repaired. No database, no settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from urllib.parse import quote

from gateways.adapters import wire
from gateways.adapters.fields import Fields, is_storable
from gateways.adapters.wire import BadAnswer, Endpoint, Limits
from gateways.ports import (
    Channel,
    ComparedPerson,
    ComparisonAnswer,
    ComparisonLine,
    ComparisonReply,
    ComparisonWait,
)
from law.workdays import LEGAL_ZONE

WORKING = 202
NO_SUCH_REQUEST = 404
CHARSETS = frozenset({"utf-8", "gb18030"})
LINE_END = "\r\n"

_CHARSET = re.compile(r"text/plain;\s*charset=\"?([A-Za-z0-9-]+)\"?", re.ASCII)
_HEADER = re.compile(r"H\|([^|]*)\|(\d{4}-\d\d)\|(\d{1,9})\|([^|]*)", re.ASCII)
_TRAILER = re.compile(r"T\|(\d{1,9})", re.ASCII)
_MONTH = r"\d{4}-(?:0[1-9]|1[0-2])"
_HIT = re.compile(
    rf"A\|(\d{{1,9}})\|(C\d{{1,2}})\|Y\|([^|\x00-\x1f]{{1,40}})\|([^|\x00-\x1f]{{0,120}})\|({_MONTH})"
    rf"\|({_MONTH})?\|(\d{{4}}-\d\d-\d\d)\|([YN]?)",
    re.ASCII,
)
_NO_HIT = re.compile(
    r"A\|(\d{1,9})\|(C\d{1,2}(?:\+C\d{1,2})*)\|(?:(N)\|\|\|\|\|(\d{4}-\d\d-\d\d)|U\|\|\|\|\|)\|", re.ASCII
)
_SPOILS_A_LINE = str.maketrans("|\r\n", "   ")


def request_file(
    *, request_number: str, period: str, made_at: datetime, people: Sequence[ComparedPerson]
) -> bytes:
    """The bytes of a request: a header, a line for each person, a trailer."""
    lines = [f"H|{request_number}|{period}|{len(people)}|{wire.time_text(made_at)}"]
    lines += [
        f"D|{one.seq}|{one.id_kind}|{one.id_number}|{one.name.translate(_SPOILS_A_LINE)}|{one.spell_start}"
        f"|{'+'.join(one.checks)}"
        for one in people
    ]
    lines += [f"T|{len(people)}", ""]
    return LINE_END.join(lines).encode()


def submit(
    endpoint: Endpoint,
    path: str,
    *,
    request_number: str,
    content: bytes,
    asked_at: datetime,
    limits: Limits,
) -> ComparisonReply:
    """Send one file. Raises `Unavailable` or `BadAnswer`; the same bytes may be sent again."""
    reply = wire.exchange(
        endpoint,
        method="POST",
        path=path,
        asked_at=asked_at,
        limits=limits,
        breaker=Channel.COMPARISON.value,
        body=content,
        content_type="text/plain; charset=utf-8",
        headers={"X-Anye-Request": request_number, "X-Anye-Content-SHA256": sha256(content).hexdigest()},
    )
    body = Fields(wire.read_json(reply.body))
    if body.text("req_no") != request_number:
        raise body.bad("req_no")
    accepted = body.flag("accepted")
    return ComparisonReply(
        accepted=accepted,
        code=body.text("code", required=True, longest=16),
        reference=body.text("reference", required=accepted, longest=64),
    )


def fetch(
    endpoint: Endpoint,
    path: str,
    *,
    request_number: str,
    asked: Mapping[int, frozenset[str]],
    asked_at: datetime,
    limits: Limits,
) -> ComparisonAnswer | ComparisonWait:
    """The answer file, or why there is none. Raises `Unavailable`, `BadAnswer`."""
    reply = wire.exchange(
        endpoint,
        method="GET",
        path=f"{path}/{quote(request_number, safe='')}/answer",
        asked_at=asked_at,
        limits=limits,
        breaker=Channel.COMPARISON.value,
        accept=frozenset({NO_SUCH_REQUEST}),
    )
    if reply.status == NO_SUCH_REQUEST:
        # A mistyped address answers 404 as well: only its own word says that it lacks the request.
        Fields(wire.read_json(reply.body)).inner("error").choice("code", frozenset({"request_unknown"}))
        return ComparisonWait.UNKNOWN
    if reply.status == WORKING:
        Fields(wire.read_json(reply.body)).choice("state", frozenset({"WORKING"}))
        return ComparisonWait.WORKING
    found = _CHARSET.fullmatch(reply.content_type)
    charset = found[1].lower() if found else ""
    return read(reply.body, charset=charset, request_number=request_number, asked=asked)


def read(
    content: bytes, *, charset: str, request_number: str, asked: Mapping[int, frozenset[str]]
) -> ComparisonAnswer:
    """The answer in a file. Raises `BadAnswer` where the file does not hold together."""
    if charset not in CHARSETS:
        raise BadAnswer("charset")
    half = len(content) // 2
    if len(content) % 2 == 0 and content[:half] == content[half:]:
        content = content[:half]  # a party may answer twice: equal answers are one
    try:
        lines = content.decode(charset).split(LINE_END)
    except UnicodeDecodeError:
        raise BadAnswer("body") from None
    header = _HEADER.fullmatch(lines[0])
    trailer = _TRAILER.fullmatch(lines[-2]) if len(lines) > 2 else None
    if header is None or trailer is None or lines[-1] != "":
        raise BadAnswer("frame")
    if header[1] != request_number:
        raise BadAnswer("req_no")
    if not int(header[3]) == int(trailer[1]) == len(lines) - 3:
        raise BadAnswer("count")
    as_of = _moment(header[4])
    latest = as_of.astimezone(LEGAL_ZONE).date()
    answers = tuple(_once_each(map(_line, lines[1:-2]), asked=asked, latest=latest))
    return ComparisonAnswer(as_of=as_of, lines=answers, content=content)


def _line(text: str) -> ComparisonLine:
    none = _NO_HIT.fullmatch(text)
    if none is not None:
        said = none[3] or "U"
        data_date = _day(none[4]) if none[4] else None
        return ComparisonLine(int(none[1]), tuple(none[2].split("+")), said, "", "", "", "", data_date, None)
    hit = _HIT.fullmatch(text)
    if hit is None:
        raise BadAnswer("line")
    end_month = hit[6] or ""
    if end_month and end_month < hit[5]:
        raise BadAnswer("end_month")
    same_name = {"Y": True, "N": False}.get(hit[8])
    return ComparisonLine(
        int(hit[1]), (hit[2],), "Y", hit[3], hit[4], hit[5], end_month, _day(hit[7]), same_name
    )


def _once_each(
    lines: Iterable[ComparisonLine], *, asked: Mapping[int, frozenset[str]], latest: date
) -> list[ComparisonLine]:
    """Each check of each person once, of those that were asked. What is said twice must be the same."""
    kept: list[ComparisonLine] = []
    known: dict[tuple[int, str], ComparisonLine] = {}
    nothing: frozenset[str] = frozenset()
    for line in lines:
        if not asked.get(line.seq, nothing).issuperset(line.checks):
            raise BadAnswer("seq")
        if line.data_date is not None and line.data_date > latest:
            raise BadAnswer("data_date")
        before = [known.setdefault((line.seq, check), line) for check in line.checks]
        if all(one is line for one in before):
            kept.append(line)
        elif any(one != line for one in before):
            raise BadAnswer("twice")
    return kept


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadAnswer("data_date") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadAnswer("as_of") from None
    if moment.tzinfo is None or not is_storable(moment):
        raise BadAnswer("as_of")
    return moment
