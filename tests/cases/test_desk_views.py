"""The pages about desks over the test client: aside and back, whose case it becomes, and who may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import Role, User
from cases import desk, services
from cases.models import Case
from law.workdays import legal_day
from tests.cases.samples import COUNTY, NOW, OTHER_COUNTY, TODAY, case, officer, person
from tests.cases.test_views import signed_in, text_of

pytestmark = [pytest.mark.usefixtures("statuses"), pytest.mark.urls("tests.cases.urls")]


def in_a_week() -> str:
    """A day that the view's own clock takes for the future."""
    return (legal_day(datetime.now(UTC)) + timedelta(days=7)).isoformat()


def said(client: Client, path: str, **posted: str) -> str:
    """What the next page would say about a form posted there."""
    answer = client.post(path, posted)
    assert answer.status_code == 302
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def drawn(user: User, shown: Case) -> str:
    """The part of a case's page that says whose it is."""
    request = RequestFactory().get("/")
    request.user = user
    return Template("{% load anye %}{% desk case %}").render(RequestContext(request, {"case": shown}))


def test_an_officer_puts_a_case_aside_sees_that_clocks_run_on_and_goes_on_with_it(client: Client) -> None:
    viewer = signed_in(client)
    asked = case(status="FIRST")
    assert "照常走" in said(client, f"/cases/{asked.number}/hold/", until=in_a_week(), reason="等公安局复函")
    asked.refresh_from_db()
    assert (asked.waits_for, asked.handler) == ("OFFICE", viewer)
    page = drawn(viewer, asked)
    assert "在等外单位" in page and "照常走" in page and "接着办" in page
    assert asked.number in text_of(client, "/queue/?tab=OFFICE")
    assert said(client, f"/cases/{asked.number}/resume/") == ""
    asked.refresh_from_db()
    assert asked.waits_for == "HANDLER"
    assert "先放一放" in drawn(viewer, asked)


@pytest.mark.parametrize(
    ("until", "reason", "words"),
    [
        ("", "等复函", "请选等到哪一天"),
        ("soon", "等复函", "请选一个日期"),
        ("2020-01-01", "等复函", "请选今天以后"),
        ("9999-12-30", "等复函", "请选今天以后"),
        (None, "", "请写明在等哪个单位"),
        (None, "   ", "请写明在等哪个单位"),
        (None, "x" * 201, "最多写 200 个字"),
    ],
)
def test_a_wrong_day_or_no_reason_is_named_and_nothing_happens(
    client: Client, until: str | None, reason: str, words: str
) -> None:
    signed_in(client)
    asked = case(status="FIRST")
    day = in_a_week() if until is None else until
    assert words in said(client, f"/cases/{asked.number}/hold/", until=day, reason=reason)
    asked.refresh_from_db()
    assert (asked.waits_for, asked.handler) == ("HANDLER", None)


def test_what_a_colleague_holds_or_lies_elsewhere_is_not_touched(client: Client) -> None:
    signed_in(client)
    theirs, far = case(status="FIRST"), case(status="FIRST", region=OTHER_COUNTY)
    services.take(case=theirs, actor=officer("何敏"), now=NOW)
    assert "何敏" in said(client, f"/cases/{theirs.number}/hold/", until=in_a_week(), reason="等复函")
    assert client.post(f"/cases/{far.number}/hold/").status_code == 404
    assert client.post(f"/cases/{far.number}/resume/").status_code == 404
    desk.hold_until(
        case=theirs, until=TODAY + timedelta(days=3), reason="r", actor=officer_of(theirs), now=NOW
    )
    assert "何敏" in said(client, f"/cases/{theirs.number}/resume/")


def officer_of(held: Case) -> User:
    holder = Case.objects.get(pk=held.pk).handler
    assert holder is not None
    return holder


def test_only_whose_step_it_is_is_offered_to_put_it_aside() -> None:
    free, handler, reviewer = case(status="FIRST"), officer("handler"), officer("reviewer", Role.REVIEWER)
    assert "先放一放" in drawn(handler, free)
    assert "先放一放" not in drawn(reviewer, free)
    services.take(case=free, actor=handler, now=NOW)
    assert "先放一放" in drawn(handler, free)
    assert "先放一放" not in drawn(officer("colleague"), free)
    assert "先放一放" not in drawn(handler, case(status="PAPERS"))
    boss = officer("boss", Role.SUPERVISOR)
    assert "转办" in drawn(boss, free)
    assert "转办" not in drawn(boss, case())
    assert "转办" not in drawn(handler, free)


def test_a_supervisor_sees_each_desk_and_its_cases_of_the_own_regions(client: Client) -> None:
    signed_in(client, Role.SUPERVISOR)
    busy = officer("busy", full_name="何敏", regions=[COUNTY, OTHER_COUNTY])
    officer("far", full_name="远方", regions=[OTHER_COUNTY])
    officer("auditor", Role.AUDITOR, full_name="稽核", regions=[COUNTY])
    near, other = case(status="FIRST", party=person(0, "刘伟")), case(status="FIRST", region=OTHER_COUNTY)
    for one in (near, other):
        services.take(case=one, actor=busy, now=NOW)
    page = text_of(client, "/desks/")
    assert "何敏" in page
    assert "远方" not in page and "稽核" not in page
    page = text_of(client, f"/desks/{busy.pk}/")
    assert near.number in page and "刘伟" in page and "手上 1 件" in page
    assert other.number not in page


def test_the_desks_cost_the_same_few_queries_whatever_lies_on_them(client: Client) -> None:
    signed_in(client, Role.SUPERVISOR)
    holder = officer("busy")
    costs = []
    for _ in range(2):
        for serial in range(3):
            services.take(case=case(status="FIRST", party=person(serial)), actor=holder, now=NOW)
        for path in ("/desks/", f"/desks/{holder.pk}/"):
            text_of(client, path)
            with CaptureQueriesContext(connection) as queries:
                text_of(client, path)
            costs.append(len(queries))
    assert costs[:2] == costs[2:]
    assert max(costs) <= 12


def test_a_supervisor_gives_away_one_case_and_then_a_whole_desk(client: Client) -> None:
    signed_in(client, Role.SUPERVISOR)
    first, second = officer("first", full_name="何敏"), officer("second", full_name="王芳")
    given = [case(status="FIRST") for _ in range(3)]
    for one in given:
        services.take(case=one, actor=first, now=NOW)
    page = f"/cases/{given[0].number}/reassign/"
    assert "王芳" in text_of(client, page)
    assert "转好了" in said(client, page, to=str(second.pk))
    assert Case.objects.get(pk=given[0].pk).handler == second
    assert "转办了 2 件" in said(client, f"/desks/{first.pk}/", to=str(second.pk))
    assert set(Case.objects.filter(handler=second)) == set(given)
    assert "转办了 3 件" in said(client, f"/desks/{second.pk}/", to="pool")
    assert not Case.objects.filter(handler__isnull=False).exists()


def test_what_the_new_officer_cannot_take_is_named_and_stays(client: Client) -> None:
    signed_in(client, Role.SUPERVISOR)
    absent, reviewer = officer("absent", Role.HANDLER, Role.REVIEWER), officer("reviewer", Role.REVIEWER)
    first, second = case(status="FIRST"), case(status="SECOND")
    for one in (first, second):
        services.take(case=one, actor=absent, now=NOW)
    words = said(client, f"/desks/{absent.pk}/", to=str(reviewer.pk))
    assert "转办了 1 件" in words and first.number in words
    assert "不能转给" in said(client, f"/cases/{first.number}/reassign/", to=str(reviewer.pk))
    assert Case.objects.get(pk=first.pk).handler == absent


@pytest.mark.parametrize("to", ["", "0", "nobody", "99999999"])
def test_a_receiver_who_was_not_offered_gets_nothing(client: Client, to: str) -> None:
    signed_in(client, Role.SUPERVISOR)
    holder, held = officer("holder"), case(status="FIRST")
    services.take(case=held, actor=holder, now=NOW)
    for path in (f"/desks/{holder.pk}/", f"/cases/{held.number}/reassign/"):
        answer = client.post(path, {"to": to})
        assert answer.status_code == 422
        assert "转给谁" in answer.content.decode()
    assert Case.objects.get(pk=held.pk).handler == holder


def test_desks_that_are_none_or_not_the_viewers_are_not_found(client: Client) -> None:
    viewer = signed_in(client, Role.SUPERVISOR)
    far = officer("far", regions=[OTHER_COUNTY])
    for key in (far.pk, viewer.pk, 99_999_999):
        assert client.get(f"/desks/{key}/").status_code == 404
    other = case(status="FIRST", region=OTHER_COUNTY)
    assert client.get(f"/cases/{other.number}/reassign/").status_code == 404
