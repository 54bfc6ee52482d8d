"""Money, dates, seals, the bridge and form fields, in both languages. Needs no database."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation

from cases.templatetags import anye
from law.decision import Outcome, Reference, Verdict

DAY = dt.date(2025, 9, 30)
LATE = dt.datetime(2025, 9, 29, 17, 5, tzinfo=dt.UTC)
"""01:05 of the 30th in Shanghai."""


def rendered(source: str, **context: object) -> str:
    return Template("{% load anye %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (198_000, "1,980.00"),
        (0, "0.00"),
        (5, "0.05"),
        (3_366_000, "33,660.00"),
        (100_000_000_00, "100,000,000.00"),
    ],
)
def test_an_amount_has_two_decimals_and_commas(fen: int, words: str) -> None:
    assert anye.amount(fen) == words
    assert anye.money(fen) == f'<span class="money">{words}<i>元</i></span>'
    assert anye.money_text(fen) == f"{words} 元"


def test_money_taken_away_has_a_real_minus_and_its_own_colour() -> None:
    assert anye.money(-25_920_000) == '<span class="money less">−259,200.00<i>元</i></span>'


def test_no_amount_shows_nothing() -> None:
    assert anye.money(None) == anye.amount(None) == anye.money_text(None) == ""


def test_an_amount_can_be_large() -> None:
    assert 'class="money big"' in anye.money(1, "big")


def test_english_parts_the_amount_from_its_unit() -> None:
    with translation.override("en"):
        assert re.fullmatch(r'<span class="money">1,980\.00<i> \S+</i></span>', anye.money(198_000))


@pytest.mark.parametrize(
    ("fen", "chinese", "english"),
    [
        (198_000, "1,980.00<i>元</i>", "1.9<i>k yuan</i>"),
        (64_800_000, "64.8<i>万元</i>", "648.0<i>k yuan</i>"),
        (71_000_000_000, "7.10<i>亿元</i>", "710.00<i>m yuan</i>"),
        (99_999_999_999_99, "999.99<i>亿元</i>", "99,999.99<i>m yuan</i>"),
        (-71_000_000_000, "−7.10<i>亿元</i>", "−710.00<i>m yuan</i>"),
    ],
)
def test_a_headline_rounds_a_big_sum_down(fen: int, chinese: str, english: str) -> None:
    assert anye.money_short(fen) == chinese
    with translation.override("en"):
        assert anye.money_short(fen) == english
    assert anye.money_short(None) == ""


def test_almost_all_is_not_all() -> None:
    assert anye.percent(9_999) == "99.9<i>%</i>"
    assert anye.percent(10_000) == "100.0<i>%</i>"
    assert anye.percent(None) == ""


def test_counts_are_grouped() -> None:
    assert anye.grouped(4_986) == "4,986"
    assert anye.grouped(-12_000) == "−12,000"


@pytest.mark.parametrize("value", [DAY, LATE, "2025-09-30", "2025-09-30T01:05:00+08:00"])
def test_a_date_reads_the_same_from_a_date_an_instant_or_stored_text(value: dt.date | str) -> None:
    assert anye.cn_date(value) == "2025年9月30日"
    assert anye.short_date(value) == "9月30日"
    assert anye.near_date(value) == "2025年9月30日（周二）"
    with translation.override("en"):
        assert anye.cn_date(value) == "30 September 2025"
        assert anye.short_date(value) == "30 Sep"
        assert anye.near_date(value) == "30 September 2025 (Tue)"


def test_an_instant_is_told_in_shanghai_time() -> None:
    assert anye.moment(LATE) == "2025年9月30日 01:05"
    assert anye.short_moment(LATE) == "9月30日 01:05"
    with translation.override("en"):
        assert anye.moment(LATE) == "30 September 2025, 01:05"


def test_a_month_reads_from_text_and_from_a_date() -> None:
    assert anye.cn_month("2025-10") == anye.cn_month(dt.date(2025, 10, 1)) == "2025年10月"
    with translation.override("en"):
        assert anye.cn_month("2025-10") == "October 2025"


@pytest.mark.parametrize("show", [anye.cn_date, anye.short_date, anye.near_date, anye.cn_month])
def test_no_date_shows_nothing_and_nonsense_is_a_fault(show: anye.DateFilter) -> None:
    assert show(None) == show("") == ""
    with pytest.raises(ValueError, match="isoformat"):
        show("soon")


def test_an_account_shows_its_last_four_characters_only() -> None:
    shown = anye.tail("6217000000000000012")
    assert "0012" in shown
    assert "6217" not in shown
    assert anye.tail("") == ""


def test_a_county_is_named_and_an_unknown_code_stays_itself() -> None:
    assert anye.region_name("130102") == "长安区"
    assert anye.region_name("999999") == "999999"


@pytest.mark.parametrize(
    ("outcome", "sign", "words", "tone"),
    [
        ("OK", "合", "符合", "ok"),
        (Outcome.PASS, "合", "符合", "ok"),
        (Outcome.FAIL, "否", "不符合", "bad"),
        (Outcome.UNKNOWN, "待", "待核实", "warn"),
        ("OPEN", "待", "待核实", "warn"),
        (Verdict.REVIEW, "待", "待核实", "warn"),
    ],
)
def test_a_seal_says_in_words_what_it_shows(outcome: object, sign: str, words: str, tone: str) -> None:
    assert rendered("{% seal o %}", o=outcome) == (
        f'<span class="seal {tone}" role="img" aria-label="{words}">{sign}</span>'
    )
    assert anye.tone(outcome) == tone


def test_an_outcome_nobody_knows_is_a_fault() -> None:
    with pytest.raises(KeyError):
        anye.seal("PERHAPS")


def test_a_count_of_none_is_not_shown() -> None:
    assert rendered("{% count_tag 'FAIL' 0 %}") == ""
    assert "&nbsp;12" in rendered("{% count_tag 'OK' 12 %}")


def test_a_clock_has_one_mark_a_day_and_fills_the_used_ones() -> None:
    marks = rendered("{% ticks 2 3 %}")
    assert marks.count("<i") == 3
    assert marks.count('class="on"') == 2
    assert rendered("{% ticks 9 3 %}").count('class="on"') == 3
    assert rendered("{% ticks None None %}") == ""


def test_the_bridge_stands_as_it_was_drawn() -> None:
    """The points of the reference drawing, computed by hand from the curve."""
    drawn = rendered("{% bridge 4 4 '提交、核验、批准、到账' %}")
    assert 'd="M8 60Q168.0 24.7 327.9 55.1"' in drawn
    for x, y in [("32.1", "55.1"), ("130.7", "42.6"), ("229.3", "42.6"), ("327.9", "55.1")]:
        assert f'cx="{x}" cy="{y}"' in drawn
    assert drawn.count("post done") == 3
    assert drawn.count("post now") == 1
    assert '<text class="now" x="327.9" y="37.1">到账</text>' in drawn


@pytest.mark.parametrize(("stage", "done", "now"), [(0, 0, 0), (1, 0, 1), (3, 2, 1), (5, 4, 0)])
def test_the_bridge_is_walked_as_far_as_the_stage(stage: int, done: int, now: int) -> None:
    drawn = anye.bridge(stage, 4, ["a", "b", "c", "d"])
    assert (drawn.count("post done"), drawn.count("post now")) == (done, now)
    assert ("walked" in drawn) is (stage > 0)


def test_the_bridge_needs_a_label_for_each_post_and_escapes_it() -> None:
    with pytest.raises(ValueError, match="label"):
        anye.bridge(1, 4, ["a"])
    assert "&lt;b&gt;" in anye.bridge(1, 1, ["<b>"])


class SampleForm(forms.Form):
    mobile = forms.CharField(label="手机号码", help_text="到账会发短信。", max_length=11)
    train = forms.ChoiceField(label="培训", choices=[("yes", "想"), ("no", "不想")], widget=forms.RadioSelect)
    truth = forms.BooleanField(label="以上是真实的")


def test_a_field_reads_label_help_error_control_in_that_order() -> None:
    shown = rendered("{% field form.mobile width='w-m' %}", form=SampleForm({"mobile": "", "train": "yes"}))
    order = [shown.index(part) for part in ("<label", "id_mobile_helptext", "id_mobile_error", "<input")]
    assert order == sorted(order)
    assert 'class="input w-m"' in shown
    assert 'aria-describedby="id_mobile_helptext id_mobile_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'class="field bad"' in shown


def test_radio_buttons_stand_in_a_named_group() -> None:
    shown = rendered("{% field form.train inline=True %}", form=SampleForm())
    assert "<legend>培训</legend>" in shown
    assert shown.count('type="radio"') == 2
    assert 'class="choices inline"' in shown


def test_a_checkbox_stands_inside_its_label() -> None:
    shown = rendered("{% field form.truth %}", form=SampleForm())
    assert re.search(r'<label class="choice"><input type="checkbox"[^>]*> <span>以上是真实的', shown)


def test_a_whole_city_and_a_law_have_short_names() -> None:
    assert anye.region_name("130100") == "全市"
    assert anye.reference(Reference("中华人民共和国社会保险法", "第五十二条")) == "社会保险法 第五十二条"
    assert anye.reference(Reference("失业保险条例", "")) == "失业保险条例"


# ---------- what is drawn once ----------


def test_what_is_drawn_once_sees_nothing_of_a_page_and_is_kept_for_each_language() -> None:
    page = Template('{% load i18n once %}{% once %}{% translate "退出" %}{{ name }}{% endonce %}{{ name }}')
    chinese = page.render(Context({"name": "刘伟"}))
    with translation.override("en"):
        english = page.render(Context({"name": "刘伟"}))
    assert chinese == page.render(Context({"name": "刘伟"})) == "退出刘伟"
    assert english.endswith("刘伟")
    assert "退出" not in english
