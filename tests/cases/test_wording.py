"""Sentences, references and dates in both languages."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils.translation import override

from cases.wording import article_words, date_words, month_words, reference_words, sentence
from law.decision import Outcome, Reason, Reference

RESIGNED = Reason(
    "R02",
    Outcome.FAIL,
    "V02",
    "INVOLUNTARY",
    Reference("中华人民共和国社会保险法", "第四十五条第（二）项"),
    {"separation": "V02", "name": "本人辞职（含试用期）"},
    ("separation_reason",),
)


def test_a_sentence_is_english_through_and_through() -> None:
    with override("en"):
        said = sentence(RESIGNED)
    assert said.startswith("Why work ended: Resigned (including in the trial period) (V02)")
    assert said.isascii()


def test_a_sentence_is_chinese_for_a_chinese_reader() -> None:
    with override("zh-hans"):
        assert sentence(RESIGNED).startswith("离职原因：本人辞职（含试用期）（V02）")


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "2025年9月26日已登记失业"), ("en", "on 26 September 2025")]
)
def test_a_day_inside_a_sentence_is_in_words(language: str, words: str) -> None:
    reason = Reason(
        "registered",
        Outcome.PASS,
        "2025-09-26",
        None,
        Reference("中华人民共和国社会保险法", "第四十五条第（三）项"),
        {"registered_on": "2025-09-26"},
        ("applied_on",),
    )
    with override(language):
        assert words in sentence(reason)


@pytest.mark.parametrize(
    ("article", "english"),
    [
        ("第四十五条第（一）项", "art. 45(1)"),
        ("第十条", "art. 10"),
        ("第一百零四条", "art. 104"),
        ("第二百二十条之一", "art. 220-1"),
        ("第十九条第二款", "art. 19, para. 2"),
        ("第六十一条至第六十三条", "arts. 61 to 63"),
        ("第四十四条第（一）项、第四十六条第（五）项", "arts. 44(1), 46(5)"),
        ("最低工资的90%", "90% of the minimum wage"),
        ("", ""),
    ],
)
def test_articles_are_counted_in_english_as_lawyers_do(article: str, english: str) -> None:
    with override("en"):
        assert article_words(article) == english
    with override("zh-hans"):
        assert article_words(article) == article


def test_a_reference_leaves_out_the_states_name() -> None:
    reference = Reference("中华人民共和国社会保险法", "第五十二条")
    with override("zh-hans"):
        assert reference_words(reference) == "社会保险法 第五十二条"
    with override("en"):
        assert reference_words(reference) == "Social Insurance Law art. 52"


def test_days_and_months_are_in_words() -> None:
    with override("zh-hans"):
        assert (date_words(date(2025, 9, 6)), month_words("2025-10")) == ("2025年9月6日", "2025年10月")
    with override("en"):
        assert (date_words(date(2025, 9, 6)), month_words("2025-10")) == ("6 September 2025", "October 2025")
