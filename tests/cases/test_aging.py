"""What stands too long is shown to the supervisors of its region, by kind and status, with a way to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Role, User
from cases import aging, kinds
from cases.models import Case
from tests.cases.samples import NOW, OTHER_COUNTY, SAMPLE, case, officer

pytestmark = [pytest.mark.usefixtures("statuses"), pytest.mark.urls("tests.cases.urls")]


@pytest.fixture
def limit() -> timedelta:
    """The age that the sample kind allows its first status."""
    return kinds.get(SAMPLE.code).max_age["NEW"]


def supervisor(*regions: str) -> User:
    return officer("chief", Role.SUPERVISOR, regions=regions or ("130100",), totp_secret="JBSWY3DPEHPK3PXP")


def test_a_case_is_aged_once_it_is_past_its_limit(limit: timedelta) -> None:
    stands = case(status="NEW")
    viewer = supervisor()
    since = Case.objects.get(pk=stands.pk).changed_at
    assert aging.count(viewer, now=since + limit) == 0
    late = since + limit + timedelta(seconds=1)
    assert aging.count(viewer, now=late) == 1
    (group,) = aging.groups(viewer, now=late)
    assert (group.status_label, group.count) == (SAMPLE.status_labels["NEW"], 1)
    assert [one.number for one in group.cases] == [stands.number]


def test_it_is_shown_in_its_region_only(limit: timedelta) -> None:
    case(status="NEW")
    late = NOW + limit + timedelta(days=1)
    assert aging.groups(supervisor(OTHER_COUNTY), now=late) == []


def test_supervisors_find_it_from_where_they_work(client: Client) -> None:
    """The samples were opened in a year long gone by the view's own clock."""
    stands = case(status="NEW")
    client.force_login(supervisor())
    for page in ("/queue/", "/desks/"):
        assert "/desks/aged/" in client.get(page).content.decode()
    assert f"/samples/{stands.number}/" in client.get("/desks/aged/").content.decode()
    handler = Client()
    handler.force_login(officer("hand", Role.HANDLER, totp_secret="JBSWY3DPEHPK3PXP"))
    assert "/desks/aged/" not in handler.get("/queue/").content.decode()
    assert handler.get("/desks/aged/").status_code == 403
