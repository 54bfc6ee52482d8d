"""Disputes, lists and holds when several connections act at once: real threads, real commits."""

from __future__ import annotations

import uuid

import pytest

from accounts.selectors import machine
from enterprises.models import Hold, Listing, Publication, SizeDispute
from enterprises.services import Entry, file_dispute, place_hold, record_publication
from law.errors import Refused
from tests.cases.conftest import committed as committed
from tests.cases.test_parallel import at_once
from tests.enterprises.samples import NOW, SIGNED, TODAY, classed, code, enterprise, insured

pytestmark = pytest.mark.usefixtures("committed")


def test_of_many_who_file_at_once_one_dispute_is_opened() -> None:
    one = classed(insured(enterprise(), headcounts=(320,) * 12), "LARGE")

    def file() -> SizeDispute:
        return file_dispute(
            enterprise=one, signed=SIGNED, submission_id=uuid.uuid4(), actor=machine(), now=NOW
        )

    answers = at_once(*[file] * 6)
    assert sum(isinstance(answer, SizeDispute) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"dispute.open"}
    assert SizeDispute.objects.count() == 1


def test_one_form_sent_many_times_at_once_is_one_dispute() -> None:
    one, form = classed(insured(enterprise(), headcounts=(320,) * 12), "LARGE"), uuid.uuid4()

    def file() -> SizeDispute:
        return file_dispute(enterprise=one, signed=SIGNED, submission_id=form, actor=machine(), now=NOW)

    answers = at_once(*[file] * 6)
    assert len({answer.pk for answer in answers if isinstance(answer, SizeDispute)}) == 1
    assert not any(isinstance(answer, Refused) for answer in answers)


def test_one_hold_placed_at_once_is_one_hold() -> None:
    one, actor = enterprise(), machine()

    def place() -> Hold:
        return place_hold(
            enterprise=one,
            ground=Hold.Ground.RECTIFICATION,
            case=None,
            reason="账册不全",
            actor=actor,
            now=NOW,
        )

    at_once(*[place] * 6)
    assert Hold.objects.count() == 1


def test_one_list_recorded_at_once_is_one_publication() -> None:
    enterprise()
    actor = machine()

    def publish() -> Publication:
        return record_publication(
            name="ZOMBIE",
            document="公布页",
            published_on=TODAY,
            entries=[Entry(2, code(1))],
            actor=actor,
            now=NOW,
        )

    at_once(*[publish] * 6)
    assert Publication.objects.count() == Listing.objects.count() == 1
