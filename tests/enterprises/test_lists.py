"""Public lists: every line is answered for, a unit is known by its code alone, the later list counts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.selectors import machine
from enterprises.models import Listing, Publication
from enterprises.services import Entry, record_publication
from law.errors import Refused
from tests.enterprises.samples import NOW, TODAY, code, enterprise

pytestmark = pytest.mark.django_db

DAY = TODAY - timedelta(days=30)


def publish(*codes: str, on: date = DAY, is_complete: bool = True, document: str = "信用平台") -> Publication:
    return record_publication(
        name="SERIOUS_DISCREDIT",
        document=document,
        published_on=on,
        entries=[Entry(at, one) for at, one in enumerate(codes, start=2)],
        actor=machine(),
        now=NOW,
        is_complete=is_complete,
    )


def test_a_list_that_names_a_unit_twice_counts_it_once_and_says_so() -> None:
    enterprise()
    made = publish(code(1), code(7), code(1))
    assert (made.rows, made.known) == (3, 1)
    assert made.faults == [{"line": 4, "problem": "TWICE", "given": code(1), "first": 2}]
    assert Listing.objects.count() == 1


def test_a_code_that_cannot_be_one_is_named_with_its_line() -> None:
    wrong = code(1)[:17] + ("0" if code(1)[17] != "0" else "1")
    made = publish("91130102", wrong)
    assert [(row["line"], row["problem"]) for row in made.faults] == [(2, "LENGTH"), (3, "CHECK")]
    assert made.known == 0


def test_the_same_list_again_is_the_one_that_stands() -> None:
    enterprise()
    assert publish(code(1)) == publish(code(1))
    assert Publication.objects.count() == Listing.objects.count() == 1


def test_whom_a_complete_list_names_no_longer_is_off_it_and_a_supplement_takes_nobody_off() -> None:
    first, second = enterprise(1), enterprise(2)
    publish(code(1))
    publish(code(2), on=DAY + timedelta(days=5), is_complete=False)
    assert set(Listing.objects.filter(to_on=None).values_list("enterprise", flat=True)) == {
        first.pk,
        second.pk,
    }
    last = publish(code(2), on=DAY + timedelta(days=9))
    (ended,) = Listing.objects.exclude(to_on=None)
    assert (ended.enterprise, ended.to_on, ended.ended_by) == (first, DAY + timedelta(days=9), last)


def test_an_older_list_than_one_recorded_is_refused() -> None:
    publish(code(1))
    with pytest.raises(Refused, match=r"list\.older"):
        publish(code(2), on=DAY - timedelta(days=1))


def test_a_list_needs_its_document_and_a_day_that_has_come() -> None:
    with pytest.raises(Refused, match=r"list\.document_missing"):
        publish(code(1), document=" ")
    with pytest.raises(Refused, match=r"list\.in_future"):
        publish(code(1), on=TODAY + timedelta(days=1))
