"""The comparison's files: what is asked, what an answer must look like, and what is no answer at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import Settings

from gateways.adapters.comparison import read, request_file
from gateways.adapters.wire import BadAnswer
from gateways.ports import (
    ComparedPerson,
    ComparisonAnswer,
    ComparisonLine,
    ComparisonWait,
    Problem,
    Unavailable,
)
from gateways.services import fetch_comparison, submit_comparison
from sandbox.server import Running
from tests.gateways.conftest import NOW, Office, person_of

NUMBER = "BD130100-202611-1"
CODES = ("C1", "C3", "C11")
ASKED = {1: frozenset(CODES), 2: frozenset(CODES)}
AS_OF = "2026-11-23T01:30:00+00:00"
HIT = "A|2|C1|Y|广东省|深圳市**科技有限公司|2026-09||2026-11-22|Y"
LINES = ("A|1|C1+C3+C11|N|||||2026-11-22|", HIT, "A|2|C3|U||||||", "A|2|C11|N|||||2026-11-22|")


def answer_file(*lines: str, number: str = NUMBER, count: int | None = None, as_of: str = AS_OF) -> bytes:
    stated = len(lines) if count is None else count
    return "\r\n".join([f"H|{number}|2026-11|{stated}|{as_of}", *lines, f"T|{stated}", ""]).encode()


def heard(content: bytes, *, charset: str = "utf-8") -> ComparisonAnswer:
    return read(content, charset=charset, request_number=NUMBER, asked=ASKED)


def asked(server: Running, *scenarios: str, number: str = NUMBER) -> bytes:
    people = [person_of(server, scenario) for scenario in scenarios]
    return request_file(
        request_number=number,
        period="2026-11",
        made_at=NOW,
        people=[
            ComparedPerson(seq, "CITIZEN_ID", one.id_number, one.name, "2026-11", CODES)
            for seq, one in enumerate(people, start=1)
        ],
    )


def test_an_answer_is_read() -> None:
    found = heard(answer_file(*LINES))
    assert found.as_of == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    day = date(2026, 11, 22)
    assert found.lines == (
        ComparisonLine(1, CODES, "N", "", "", "", "", day, None),
        ComparisonLine(2, ("C1",), "Y", "广东省", "深圳市**科技有限公司", "2026-09", "", day, True),
        ComparisonLine(2, ("C3",), "U", "", "", "", "", None, None),
        ComparisonLine(2, ("C11",), "N", "", "", "", "", day, None),
    )


def test_an_answer_in_gb18030_is_read_as_what_it_says_it_is() -> None:
    content = answer_file(*LINES).decode().encode("gb18030")
    assert heard(content, charset="gb18030").lines == heard(answer_file(*LINES)).lines
    with pytest.raises(BadAnswer):
        heard(content)


def test_what_is_said_twice_counts_once() -> None:
    content = answer_file(*LINES)
    assert heard(content + content).lines == heard(content).lines
    assert heard(answer_file(*LINES, HIT)).lines == heard(content).lines


WHOLE = answer_file(*LINES)


@pytest.mark.parametrize("end", range(len(WHOLE) - 1, 0, -7))
def test_a_file_cut_short_anywhere_is_no_answer(end: int) -> None:
    with pytest.raises(BadAnswer):
        heard(WHOLE[:end])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        answer_file(*LINES, number="BD130100-202610-1"),
        answer_file(*LINES, count=3),
        answer_file(*LINES[:3], count=4),
        answer_file(*LINES, as_of="2026-11-23T01:30:00"),
        answer_file(*LINES, as_of="yesterday"),
        answer_file("A|3|C1|N|||||2026-11-22|"),
        answer_file("A|1|C2|N|||||2026-11-22|"),
        answer_file("A|1|C1+C3|Y|广东省||2026-09||2026-11-22|Y"),
        answer_file("A|1|C1|Y|||2026-09||2026-11-22|Y"),
        answer_file("A|1|C1|Y|广东省||2026-13||2026-11-22|Y"),
        answer_file("A|1|C1|Y|广东省||2026-09|2026-08|2026-11-22|Y"),
        answer_file("A|1|C1|Y|广东省||2026-09||2026-11-31|Y"),
        answer_file("A|1|C1|Y|广东省||2026-09||2026-11-24|Y"),
        answer_file("A|1|C1|N|||||2026-11-24|"),
        answer_file("A|1|C1|N|||||2026-11-22|", "A|1|C1|N|||||2026-11-21|"),
        answer_file("A|1|C1|N|||||2026-11-22|", "A|1|C1|U||||||"),
        answer_file("A|1|C1|M|||||2026-11-22|"),
        answer_file("A|1|C1|N||||2026-11-22|"),
        WHOLE.replace(b"\r\n", b"\n"),
    ],
)
def test_a_file_that_does_not_hold_together_is_no_answer(content: bytes) -> None:
    with pytest.raises(BadAnswer):
        heard(content)


@pytest.mark.parametrize("charset", ["", "gbk", "utf-16"])
def test_an_encoding_that_was_not_agreed_is_no_answer(charset: str) -> None:
    with pytest.raises(BadAnswer):
        heard(answer_file(*LINES), charset=charset)


def test_a_request_goes_out_and_its_answer_comes_back_a_minute_later(sandbox: Running) -> None:
    content = asked(sandbox, "CLEAN", "WORKS_ELSEWHERE_LATER")
    later = NOW + timedelta(days=60)
    unknown = fetch_comparison(request_number=NUMBER, asked=ASKED, now=later)
    assert unknown is ComparisonWait.UNKNOWN
    first = submit_comparison(request_number=NUMBER, content=content, now=later)
    again = submit_comparison(request_number=NUMBER, content=content, now=later + timedelta(hours=1))
    assert first == again
    assert (first.accepted, first.code) == (True, "ACCP")
    waiting = fetch_comparison(request_number=NUMBER, asked=ASKED, now=later + timedelta(seconds=59))
    assert waiting is ComparisonWait.WORKING
    found = fetch_comparison(request_number=NUMBER, asked=ASKED, now=later + timedelta(days=30))
    assert isinstance(found, ComparisonAnswer)
    assert found.as_of == later, "as of the moment the request came in"
    assert [(line.seq, line.checks, line.said) for line in found.lines] == [
        (1, CODES, "N"),
        (2, ("C3", "C11"), "N"),
        (2, ("C1",), "Y"),
    ]


def test_the_same_number_with_other_people_is_refused(sandbox: Running) -> None:
    number = "BD130100-202611-2"
    submit_comparison(request_number=number, content=asked(sandbox, "CLEAN", number=number), now=NOW)
    others = asked(sandbox, "RESIGNED", number=number)
    with pytest.raises(Unavailable) as refused:
        submit_comparison(request_number=number, content=others, now=NOW)
    assert refused.value.problem is Problem.REFUSED


def test_a_request_that_cannot_be_read_is_not_taken(sandbox: Running) -> None:
    reply = submit_comparison(request_number="BAD-1", content=b"H|BAD-1|2026-11|1|x\r\nT|1\r\n", now=NOW)
    assert (reply.accepted, reply.code, reply.reference) == (False, "FF01", "")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json", "text/plain; charset=latin-1"])
def test_a_file_that_does_not_say_its_encoding_is_no_answer(
    office: Office, settings: Settings, kind: str
) -> None:
    settings.ANYE_OUTSIDE = {"COMPARISON": {"url": office.url}}
    office.always = office.says(200, WHOLE, {"Content-Type": kind})
    with pytest.raises(Unavailable) as unread:
        fetch_comparison(request_number=NUMBER, asked=ASKED, now=NOW)
    assert unread.value.problem is Problem.BAD_ANSWER


def test_a_mistyped_address_does_not_say_that_the_request_is_unknown(
    office: Office, settings: Settings
) -> None:
    settings.ANYE_OUTSIDE = {"COMPARISON": {"url": office.url}}
    office.always = office.says(404, b'{"error": {"code": "not_found", "message": ""}}')
    with pytest.raises(Unavailable) as unread:
        fetch_comparison(request_number=NUMBER, asked=ASKED, now=NOW)
    assert unread.value.problem is Problem.BAD_ANSWER
