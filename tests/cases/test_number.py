"""A person's number in full: for those who may, for a reason, once, and written down."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Access, Role, User
from tests.cases.samples import case, id_number, officer, person

pytestmark = [pytest.mark.usefixtures("statuses"), pytest.mark.urls("tests.cases.urls")]
SECRET = "JBSWY3DPEHPK3PXP"
REASON = "来电人报不出案号，核对身份"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def handler(**rights: object) -> User:
    return officer("handler", totp_secret=SECRET, **rights)  # type: ignore[arg-type]  # handed on by name


def test_the_number_is_shown_once_for_a_reason_that_is_kept() -> None:
    held = case(status="FIRST", party=person())
    client, page = signed_in(handler()), reverse("case-number", kwargs={"number": held.number})
    asking = client.get(page).content.decode()
    assert id_number(0) not in asking and "1301**********" in asking
    answer = client.post(page, {"reason": REASON})
    assert id_number(0) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert id_number(0) not in client.get(page).content.decode()
    line = Access.objects.get(act="UNMASK")
    assert (line.actor_id, line.party, line.case_number, line.reason) == (
        User.objects.get(username="handler").pk,
        held.party,
        held.number,
        REASON,
    )
    assert line.address_digest


@pytest.mark.parametrize("reason", ["", "  ", "看", "a b"])
def test_without_a_reason_nothing_is_shown_and_nothing_counted(reason: str) -> None:
    held = case(party=person())
    answer = signed_in(handler()).post(reverse("case-number", args=[held.number]), {"reason": reason})
    page = answer.content.decode()
    assert (answer.status_code, id_number(0) in page) == (422, False)
    assert "请写明为什么要看全号" in page and 'aria-invalid="true"' in page
    assert not Access.objects.filter(act="UNMASK").exists()


def test_a_case_about_nobody_and_one_of_another_region_have_no_number_to_show() -> None:
    client = signed_in(handler(regions=["130102"]))
    nobodys, elsewhere = case(), case(region="130181", party=person())
    for number in (nobodys.number, elsewhere.number, "XX20250926-9999"):
        assert client.get(reverse("case-number", args=[number])).status_code == 404
        assert client.post(reverse("case-number", args=[number]), {"reason": REASON}).status_code == 404


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_who_may_not_is_refused(role: Role) -> None:
    held = case(party=person())
    client = signed_in(officer("other", role, totp_secret=SECRET))
    answer = client.post(reverse("case-number", args=[held.number]), {"reason": REASON})
    assert answer.status_code == 403
    assert id_number(0) not in answer.content.decode()
