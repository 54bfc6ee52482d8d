"""Every shipped number has a name, reads as people say it, passes the checks, and survives the form."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from law.parameters import NATION, SEEN, UNITS, DatedValue, ParameterBook
from policy import entry, wording
from policy.checks import CALENDAR, CODES, LIMITS, Draft, check, model_of
from policy.forms import ProposalForm, fingerprint
from policy.wording import CODE_WORDS, SEEN_LONG, TITLES, UNIT_NAMES

TODAY = date(2026, 11, 23)
BOOK = ParameterBook.shipped()
LATEST = {(row.key, row.region): row for row in BOOK.rows()}
ROWS = list(LATEST.values())


def names(row: DatedValue) -> str:
    return f"{row.key} {row.region}"


def draft_of(row: DatedValue) -> Draft:
    """The same value, proposed again."""
    return Draft(
        key=row.key,
        region=row.region,
        start=row.start if CALENDAR.fullmatch(row.key) else max(row.start, date(2026, 12, 1)),
        value=row.value,
        unit=row.unit,
        reference=row.reference,
        assumption=False,
    )


def test_every_key_has_a_name_and_every_name_a_key() -> None:
    keys = {key for key in BOOK.names() if not CALENDAR.fullmatch(key)}
    assert keys == set(TITLES)
    assert set(UNIT_NAMES) == UNITS
    assert set(SEEN_LONG) == set(wording.SEEN) == set(SEEN)


def test_every_code_a_rule_knows_has_words() -> None:
    coded = {row.key for row in ROWS if row.unit == "code" and isinstance(row.value, str)}
    assert coded == set(CODES) == set(CODE_WORDS)
    assert all(set(CODES[key]) == set(CODE_WORDS[key]) for key in CODES)
    assert {row.unit for row in ROWS} - {"code", "flag", "table", "calendar"} <= set(LIMITS)


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_what_is_shipped_passes_the_checks(row: DatedValue) -> None:
    check(draft_of(row), BOOK, today=TODAY)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("row", ROWS, ids=names)
def test_every_value_has_words_in_both_languages(row: DatedValue, language: str) -> None:
    with override(language):
        assert wording.title(row.key)
        words = wording.value_words(row.key, row.unit, row.value)
        assert words and "%" not in words.replace("0%", "")
        assert all(text for _label, text in wording.lines(row.key, row.unit, row.value))
        assert wording.citation_words(row.reference)


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_the_form_gives_back_what_it_was_filled_with(row: DatedValue) -> None:
    """What the form shows first, sent back as it is, is the value that was in force."""
    with override("zh-hans"):
        regions = [(NATION, "全国"), *({(row.region, row.region)} - {(NATION, "全国")})]
        arguments = {
            "model": model_of(BOOK, row.key),
            "key": row.key,
            "regions": regions,
            "region": row.region,
            "current": row.value,
        }
        blank = ProposalForm(**arguments)  # type: ignore[arg-type]  # a table of keyword arguments
        sent = {
            name: "" if field.initial is None else str(field.initial) for name, field in blank.fields.items()
        }
        sent |= {"start": draft_of(row).start.isoformat(), "seen": "own", "title": "2024年2025年2026年通知"}
        sent |= {"repeal": "on"} if row.repealed else {}
        sent = {name: text for name, text in sent.items() if text}
        form = ProposalForm(sent, **arguments)  # type: ignore[arg-type]  # as above
        assert form.is_valid(), form.errors
        assert form.draft().value == row.value
        assert len({name.name for name in [*form.value_part, *form.source_part]}) == len(form.fields)


def test_a_preview_is_of_everything_that_is_proposed() -> None:
    draft = draft_of(LATEST["benefit.promise_wd", "130100"])
    others = [
        replace(draft, value="9"),
        replace(draft, start=date(2027, 1, 1)),
        replace(draft, region="130000"),
        replace(draft, assumption=True),
        replace(draft, reference=replace(draft.reference, article="第三条")),
    ]
    assert len({fingerprint(one) for one in [draft, *others]}) == 6


@given(st.integers(0, 10_000))
def test_a_rate_is_written_and_read_without_loss(rate: int) -> None:
    assert entry.leaf_from(entry.text_of(str(rate), "bp"), "bp") == str(rate)
    assert entry.leaf_from(wording.leaf_words("bp", str(rate)), "bp") == str(rate)


@given(st.integers(0, 10**13))
def test_an_amount_is_written_and_read_without_loss(fen: int) -> None:
    assert entry.leaf_from(entry.text_of(str(fen), "fen"), "fen") == str(fen)


@given(st.sets(st.dates(date(2027, 1, 1), date(2027, 12, 31)), min_size=1, max_size=40))
def test_days_are_written_and_read_without_loss(days: set[date]) -> None:
    with override("zh-hans"):
        for worked in (False, True):
            wanted = sorted(day.isoformat() for day in days if entry.is_weekend(day) == worked)
            assert entry.days_from(entry.days_text(wanted), 2027, worked=worked) == wanted


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1月1日", ["2027-01-01"]),
        ("2027年1月1日、1/4", ["2027-01-01", "2027-01-04"]),
        ("2027.2.8~2027.2.9", ["2027-02-08", "2027-02-09"]),
        ("2027-02-05 到 2027-02-08", ["2027-02-05", "2027-02-08"]),
        (" 2027-01-01，\n2027-01-01 ", ["2027-01-01"]),
        ("", []),
    ],
)
def test_days_are_read_however_people_write_them(text: str, days: list[str]) -> None:
    with override("zh-hans"):
        assert entry.days_from(text, 2027, worked=False) == days
