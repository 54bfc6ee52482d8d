"""From the screening to the money: told, answered, published, agreed to by finance, owed, paid, topped up."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from accounts.selectors import machine
from cases import trail
from cases.models import Message
from enterprises.models import Enterprise, Hold
from enterprises.services import Entry, place_hold, record_publication
from law.errors import Refused
from law.workdays import legal_day
from payouts.kinds import CHANGED
from payouts.models import Obligation
from payouts.selectors import prove
from subsidies.refund import kinds, services
from subsidies.refund.models import Award, FinanceReview, Objection, Refund, Run
from tests.enterprises import samples as units
from tests.payouts.conftest import bank  # noqa: F401 - a fixture
from tests.subsidies import samples
from tests.subsidies.samples import NOW, refund_of
from tests.subsidies.steps import (
    AFTER_ANSWER,
    AFTER_NOTICE,
    account_of,
    agreed,
    batch,
    campaign,
    paid,
    published,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> samples.Staff:
    """Officers, and a fund that lasts."""
    made = samples.staff()
    samples.funded(made.handler)
    return made


@pytest.fixture
def city(team: samples.Staff) -> samples.City:
    """A small city, screened; three of its units are eligible and have an account."""
    made = samples.city()
    for nth, unit in enumerate((made.fine, made.at_limit, made.large)):
        account_of(unit, nth)
    samples.screened(team.handler)
    return made


def statuses(city: samples.City, *names: str) -> list[str]:
    """The statuses of these units' refunds."""
    return [refund_of(getattr(city, name)).case.status for name in names]


def test_every_unit_is_told_once_by_what_was_found(team: samples.Staff, city: samples.City) -> None:
    told(team)
    refund = refund_of(city.fine)
    assert (refund.case.status, refund.answer_due) == (kinds.NOTIFIED, date(2025, 12, 1))
    by_template = {
        unit: Message.objects.get(party_id=getattr(city, unit).pk).template
        for unit in ("fine", "large", "over_limit", "no_headcount")
    }
    assert by_template == {
        "fine": "refund.notified.SMALLER",
        "large": "refund.notified.LARGE",
        "over_limit": "refund.ineligible",
        "no_headcount": "refund.manual",
    }
    with pytest.raises(Refused, match=r"notify\.nothing"):
        services.notify(campaign=campaign(), actor=team.handler, now=NOW + timedelta(hours=2))
    assert Message.objects.filter(party_id=city.fine.pk).count() == 1


def test_who_says_nothing_is_published_and_who_declines_is_not(
    team: samples.Staff, city: samples.City
) -> None:
    told(team)
    day = NOW + timedelta(days=1)
    services.confirm(refund=refund_of(city.large), actor=machine(), now=day)
    services.decline(refund=refund_of(city.at_limit), actor=machine(), now=day)
    # Before the time to answer is over only who confirmed is ready.
    assert published(team, day).count == 1
    assert statuses(city, "fine", "large", "at_limit") == [
        kinds.NOTIFIED,
        kinds.PUBLIC_NOTICE,
        kinds.DECLINED,
    ]
    second = published(team)
    assert (second.number, second.count, second.days) == (2, 1, 5)
    assert statuses(city, "fine") == [kinds.PUBLIC_NOTICE]
    with pytest.raises(Refused, match=r"answer\.too_late"):
        services.decline(refund=refund_of(city.fine), actor=machine(), now=AFTER_ANSWER)


@pytest.mark.usefixtures("bank")
def test_a_whole_year_from_the_screening_to_the_account(team: samples.Staff, city: samples.City) -> None:
    told(team)
    notice = published(team)
    # The last day of the notice is not over yet.
    last = datetime.combine(notice.until, NOW.timetz())
    assert services.end_notices(now=last) == 0
    agreed(team)
    assert statuses(city, "fine", "at_limit", "large") == [kinds.PAYING] * 3
    owed = Obligation.objects.get(party_id=city.fine.pk)
    assert (owed.key, owed.month) == (f"{owed.case_id}/2025/retention-refund-1", "2025")
    assert owed.amount_fen == 648_000
    paid(team, AFTER_NOTICE)
    assert statuses(city, "fine", "at_limit", "large") == [kinds.PAID] * 3
    assert prove().findings == []
    assert trail.verify().broken is None
    # Once more changes nothing.
    assert services.follow_payments(now=AFTER_NOTICE + timedelta(days=1)) == 0


def test_owing_again_owes_nothing_twice(team: samples.Staff, city: samples.City) -> None:
    told(team)
    published(team)
    agreed(team)
    again = FinanceReview.objects.select_related("campaign__case").get()
    with pytest.raises(Refused, match=r"finance\.answered"):
        services.record_finance_answer(
            review=again,
            agreed=True,
            document="x",
            dated_on=samples.TODAY,
            remark="",
            papers=[],
            actor=team.reviewer,
            now=AFTER_NOTICE,
        )
    assert Award.objects.count() == Obligation.objects.count() == 3


@pytest.mark.usefixtures("bank")
def test_a_higher_ratio_of_the_same_year_pays_the_difference(team: samples.Staff, city: samples.City) -> None:
    told(team)
    published(team)
    agreed(team)
    paid(team, AFTER_NOTICE)
    later = AFTER_NOTICE + timedelta(days=1)
    record_publication(
        name="TARIFF",
        document="受关税影响企业名单（演示）",
        published_on=legal_day(later),
        entries=[Entry(1, units.code(1)), Entry(2, units.code(4))],
        actor=machine(),
        now=later,
    )
    run = services.ask_for_run(campaign=campaign(), kind=Run.Kind.TOP_UP, actor=team.handler, now=later)
    services.go_on(run_id=run.pk, now=later)
    small, large = refund_of(city.fine), refund_of(city.large)
    # 90 % of 10,800.00 less what was paid at 60 %; 50 % of 864,000.00 less 30 %.
    assert (small.rate_bp, small.refund_fen, small.payable_fen) == (9000, 972_000, 324_000)
    assert (large.rate_bp, large.payable_fen) == (5000, 17_280_000)
    assert statuses(city, "at_limit") == [kinds.PAID]
    told(team, later)
    published(team, later + timedelta(days=15))
    agreed(team, later + timedelta(days=26))
    paid(team, later + timedelta(days=26))
    assert statuses(city, "fine", "large") == [kinds.TOPPED_UP] * 2
    assert (
        sum(Obligation.objects.filter(party_id=city.fine.pk).values_list("amount_fen", flat=True)) == 972_000
    )
    assert prove().findings == []


def test_a_complaint_holds_the_refund_until_it_is_cleared(team: samples.Staff, city: samples.City) -> None:
    told(team)
    published(team)
    services.record_complaint(
        refund=refund_of(city.fine), words="据说这家已经停业。", actor=team.handler, now=AFTER_ANSWER
    )
    refund = refund_of(city.fine)
    assert (refund.case.status, refund.held_from) == (kinds.HELD, kinds.PUBLIC_NOTICE)
    agreed(team)
    assert statuses(city, "fine", "large") == [kinds.HELD, kinds.PAYING]
    services.end_hold(
        refund=refund_of(city.fine),
        cleared=True,
        why="到现场看过，照常生产。",
        actor=team.handler,
        now=AFTER_NOTICE,
    )
    assert statuses(city, "fine") == [kinds.PUBLIC_NOTICE]
    assert Objection.objects.get().settled_by == team.handler
    # It joins the next question to finance.
    agreed(team, AFTER_NOTICE + timedelta(days=1))
    assert statuses(city, "fine") == [kinds.PAYING]
    assert FinanceReview.objects.count() == 2


def test_finance_that_does_not_agree_holds_all_of_them(team: samples.Staff, city: samples.City) -> None:
    told(team)
    published(team)
    agreed(team, yes=False)
    assert statuses(city, "fine", "large") == [kinds.HELD] * 2
    assert Obligation.objects.count() == 0
    assert Refund.objects.filter(held_because="FINANCE").count() == 3


def test_a_unit_that_was_deregistered_after_the_notice_is_not_owed(
    team: samples.Staff, city: samples.City
) -> None:
    told(team)
    published(team)
    Enterprise.objects.filter(pk=city.fine.pk).update(deregistered_on=samples.TODAY)
    agreed(team)
    refund = refund_of(city.fine)
    assert (refund.case.status, refund.held_because, refund.held_from) == (
        kinds.HELD,
        "DEREGISTERED",
        kinds.APPROVED,
    )
    assert statuses(city, "large") == [kinds.PAYING]


def test_who_comes_onto_a_list_after_being_owed_is_left_out_of_the_batch_and_held(
    team: samples.Staff, city: samples.City
) -> None:
    told(team)
    published(team)
    agreed(team)
    hold = place_hold(
        enterprise=city.fine,
        ground=Hold.Ground.RECTIFICATION,
        case=None,
        reason="检查发现问题",
        actor=team.handler,
        now=AFTER_NOTICE,
    )
    made = batch(team, AFTER_NOTICE)
    assert (made.count, len(made.left_out[CHANGED])) == (2, 1)
    assert services.hold_changed(now=AFTER_NOTICE) == 1
    refund = refund_of(city.fine)
    assert (refund.case.status, refund.held_because) == (kinds.HELD, "GATE")
    assert prove().findings == []
    # Cleared, it is owed anew under a key of its own.
    Hold.objects.filter(pk=hold.pk).update(
        lifted_at=AFTER_NOTICE, lifted_by=team.handler, lifted_because="整改合格"
    )
    services.end_hold(refund=refund, cleared=True, why="整改合格", actor=team.handler, now=AFTER_NOTICE)
    assert services.owe_waiting(now=AFTER_NOTICE) == 1
    assert statuses(city, "fine") == [kinds.PAYING]
    keys = Obligation.objects.filter(party_id=city.fine.pk).values_list("item", flat=True).order_by("pk")
    assert list(keys) == ["retention-refund-1", "retention-refund-2"]
    assert prove().findings == []


def test_an_objection_after_sealing_waits_for_the_bank(team: samples.Staff, city: samples.City) -> None:
    told(team)
    published(team)
    agreed(team)
    batch(team, AFTER_NOTICE)
    refund = refund_of(city.fine)
    made = services.object_to(refund=refund, words="基数少算了一个月", actor=machine(), now=AFTER_NOTICE)
    assert made.after_sealing
    assert statuses(city, "fine") == [kinds.PAYING]
    services.settle_objection(
        refund=refund_of(city.fine), answer="核对过，没有少算。", actor=team.handler, now=AFTER_NOTICE
    )
    assert Objection.objects.get().answer == "核对过，没有少算。"


def test_an_objection_before_sealing_takes_the_money_back_and_holds(
    team: samples.Staff, city: samples.City
) -> None:
    told(team)
    published(team)
    agreed(team)
    services.object_to(
        refund=refund_of(city.fine), words="基数少算了一个月", actor=machine(), now=AFTER_NOTICE
    )
    assert statuses(city, "fine") == [kinds.HELD]
    assert batch(team, AFTER_NOTICE).count == 2
    assert prove().findings == []


def test_an_objection_to_the_numbers_is_settled_by_two_officers_and_the_rule(
    team: samples.Staff, city: samples.City
) -> None:
    told(team)
    refund = refund_of(city.no_headcount)
    assert refund.case.status == kinds.MANUAL
    with pytest.raises(Refused, match=r"refund\.verdict_differs"):
        services.propose(
            refund=refund, act=kinds.GRANT, why="核对", amendments={}, evidence="PAPERS", actor=team.handler,
            now=NOW,
        )  # fmt: skip
    services.propose(
        refund=refund_of(city.no_headcount),
        act=kinds.GRANT,
        why="核对了12月的缴费清册。",
        amendments={"monthly_headcounts": [20] * 12},
        evidence="PAPERS",
        actor=team.handler,
        now=NOW + timedelta(days=1),
    )
    assert statuses(city, "no_headcount") == [kinds.REVIEW]
    services.review(
        refund=refund_of(city.no_headcount),
        agreed=True,
        remark="",
        actor=team.reviewer,
        now=NOW + timedelta(days=2),
    )
    done = refund_of(city.no_headcount)
    assert (done.case.status, done.headcount_sum, done.payable_fen) == (kinds.ELIGIBLE, 240, 648_000)
    assert trail.verify().broken is None


def test_a_firm_contests_that_it_is_not_eligible(team: samples.Staff, city: samples.City) -> None:
    told(team)
    services.object_to(
        refund=refund_of(city.over_limit), words="有一人不是我单位的", actor=machine(), now=NOW
    )
    assert statuses(city, "over_limit") == [kinds.MANUAL]
    assert Objection.objects.get().about == Objection.About.RESULT
