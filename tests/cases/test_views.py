"""The queue's pages over the test client: who gets in, what htmx gets, taking, the next case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Access, Role, User
from accounts.selectors import machine
from cases import services
from cases.models import Case
from law.workdays import legal_day
from tests.cases.samples import COUNTY, NOW, OTHER_COUNTY, case, determine, officer, person
from tests.cases.test_queue import copies

pytestmark = [pytest.mark.usefixtures("statuses"), pytest.mark.urls("tests.cases.urls")]

HTMX = {"HX-Request": "true"}


def signed_in(
    client: Client, *roles: Role, regions: tuple[str, ...] = (COUNTY,), name: str = "viewer"
) -> User:
    """An officer with a second factor, in this browser."""
    user = officer(name, *roles, regions=regions, totp_secret=str(generate_totp_secret()))
    client.force_login(user)
    return user


def text_of(client: Client, path: str, **headers: str) -> str:
    """A page that answers 200."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_queue_shows_names_masked_numbers_never_and_whole_numbers_never(client: Client) -> None:
    signed_in(client)
    shown = case(status="FIRST", party=person(0, "刘伟"))
    page = text_of(client, "/queue/")
    assert "刘伟" in page
    assert shown.number in page
    assert "19860402" not in page


def test_htmx_gets_the_rows_alone_and_a_browser_the_page(client: Client) -> None:
    signed_in(client)
    shown = case(status="FIRST")
    part, page = text_of(client, "/queue/", **HTMX), text_of(client, "/queue/")
    assert shown.number in part
    assert "<html" in page
    assert "<html" not in part
    assert part.count(shown.number) == page.count(shown.number)
    assert 'id="queue"' in page


def test_a_page_costs_the_same_few_queries_whatever_it_shows(client: Client) -> None:
    signed_in(client)
    text_of(client, "/queue/")
    costs = []
    for _ in range(2):
        for _row in range(6):
            determine(case(status="FIRST"))
        with CaptureQueriesContext(connection) as queries:
            text_of(client, "/queue/")
        costs.append(len(queries))
    # Session, user, second factor, edition of the law book (its calendar), rows, counts.
    assert costs == [6, 6]


def test_values_nobody_offers_narrow_nothing(client: Client) -> None:
    signed_in(client)
    shown = case(status="FIRST")
    for address in ("?tab=nowhere", "?kind=x&check=x&due=x", "?after=x", "?tab=HANDLER&after=99999999-1"):
        assert shown.number in text_of(client, f"/queue/{address}")
    assert client.get("/queue/?text=%00nobody").status_code == 400


def test_a_complete_number_in_the_search_field_opens_the_case_and_a_name_the_whole_list(
    client: Client,
) -> None:
    viewer = signed_in(client)
    found = case(status="SECOND", party=person(0, "刘伟"))
    answer = client.get("/queue/", {"q": found.number.lower()})
    assert answer.headers["Location"] == f"/samples/{found.number}/"
    assert found.number in text_of(client, "/queue/?q=刘伟")
    assert viewer.has_role(Role.HANDLER)


def test_a_case_is_reached_by_its_number_in_the_own_regions_only(client: Client) -> None:
    signed_in(client)
    near, far = case(status="FIRST"), case(status="FIRST", region=OTHER_COUNTY)
    assert client.get(f"/cases/{near.number}/").headers["Location"] == f"/samples/{near.number}/"
    for path in (f"/cases/{far.number}/", "/cases/XX20250926-9999/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/cases/{far.number}/take/").status_code == 404
    assert Case.objects.get(pk=far.pk).handler is None


def test_taking_opens_the_case_and_a_colleague_hears_who_holds_it(client: Client) -> None:
    viewer = signed_in(client)
    free, held = case(status="FIRST"), case(status="FIRST")
    services.take(case=held, actor=officer("colleague", full_name="何敏"), now=NOW)
    assert client.post(f"/cases/{free.number}/take/").headers["Location"] == f"/samples/{free.number}/"
    assert Case.objects.get(pk=free.pk).handler == viewer
    client.post(f"/cases/{held.number}/take/")
    assert "何敏" in text_of(client, "/queue/")
    client.post(f"/cases/{free.number}/release/")
    assert Case.objects.get(pk=free.pk).handler is None


def test_the_next_case_opens_and_an_empty_queue_says_so(client: Client) -> None:
    viewer = signed_in(client)
    waiting = case(status="FIRST")
    assert client.post("/queue/next/").headers["Location"] == f"/samples/{waiting.number}/"
    assert Case.objects.get(pk=waiting.pk).handler == viewer
    left = client.post("/queue/next/", {"skip": waiting.number})
    assert left.headers["Location"] == "/queue/"


@pytest.mark.parametrize(
    "path", ["/queue/next/", "/cases/XX20250926-0001/take/", "/cases/XX20250926-0001/release/"]
)
def test_acts_are_posted_and_pages_are_read(client: Client, path: str) -> None:
    signed_in(client)
    assert client.get(path).status_code == 405
    assert client.post("/queue/").status_code == 405


def test_who_has_no_business_here_is_kept_out(client: Client) -> None:
    shown = case(status="FIRST", party=person(0, "刘伟"))
    assert "/sign-in/" in client.get("/queue/").headers["Location"]
    signed_in(client, Role.SYSTEM_ADMIN)
    answer = client.get("/queue/")
    assert answer.status_code == 403
    assert shown.number not in answer.content.decode()
    assert Access.objects.filter(act=Access.Act.REFUSED).count() == 1


def test_the_navigation_counts_what_waits_for_the_officer(client: Client) -> None:
    signed_in(client)
    for _ in range(3):
        case(status="FIRST")
    services.record(case=Case.objects.first() or case(), verb="sample.noted", actor=machine(), now=NOW)
    assert "<b>3</b>" in text_of(client, "/queue/")


def test_what_is_due_and_overdue_stops_at_999_as_the_tabs_do(client: Client) -> None:
    signed_in(client)
    today = legal_day(datetime.now(UTC))
    for due, words in ((today, "今天 <b>999+</b> 件到期"), (today - timedelta(days=1), "999+ 件已超承诺")):
        copies(case(status="FIRST", promise_due=due), 1_000, due=due)
        page = text_of(client, "/queue/")
        assert words in page
        assert "1000" not in page
