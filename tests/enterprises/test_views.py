"""Pages of a size class, its dispute, lists, holds: an agent objects, officers decide. No script needed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.mandates import RegisteredUnit
from accounts.models import Access, Role, User
from cases.models import Case
from enterprises.batch import Unit, save_units
from enterprises.kinds import COMMITTED, CONFIRMED, EVIDENCE, PROOF
from enterprises.models import Enterprise, Hold, Listing, Publication, SizeDispute
from tests.cases.papers import PDF
from tests.enterprises.samples import SAID, classed, code, insured
from tests.factories import agent, officer

pytestmark = pytest.mark.django_db

NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)
AGENT_NUMBER = "130102199003070003"
UNIT = RegisteredUnit("石家庄样1号制造有限公司", code(1), "LEGAL_REPRESENTATIVE")
FORM = {
    "claimed_class": "MEDIUM",
    "industry": "3670",
    "employees": "320",
    "revenue_wan": "20,000",
    "assets_wan": "15000",
    "promise": "on",
}


@pytest.fixture(autouse=True)
def _on_the_day() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner() -> User:
    """The representative of a firm of 320 that is on record as large."""
    user = agent("甲某", AGENT_NUMBER, UNIT, now=NOW)
    unit = Unit(UNIT.code, UNIT.name, "ENTERPRISE", "130102", "3670")
    _saved, keys = save_units(units=[unit], said=SAID, actor=user, now=NOW)
    firm = Enterprise.objects.get(pk=keys[UNIT.code])
    classed(insured(firm, headcounts=(320,) * 12, recipients=3), "LARGE")
    return user


def file(owner: User, **changed: str) -> SizeDispute:
    """The agent's form, sent."""
    firm = Enterprise.objects.get()
    answer = browser(owner).post(
        reverse("unit-size-class-object", args=[firm.pk]),
        {**FORM, "submission_id": str(uuid.uuid4()), **changed},
    )
    assert answer.status_code == 302, unescape(answer.content.decode())
    return SizeDispute.objects.select_related("case").get()


def text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]  # an answer of Django's test client


def test_an_agent_sees_the_class_objects_and_follows_it(owner: User) -> None:
    firm = Enterprise.objects.get()
    page = text(browser(owner).get(reverse("unit-size-class", args=[firm.pk])))
    assert "大型" in page
    assert "2020 年减免社保费时的划型" in page
    dispute = file(owner)
    assert dispute.case.status == COMMITTED
    assert dispute.revenue_wan == 20_000
    page = text(browser(owner).get(reverse("unit-dispute", args=[firm.pk, dispute.case.number])))
    assert "承诺有效，等单位交材料" in page
    assert "2026年1月19日" in page
    again = text(browser(owner).get(reverse("unit-size-class", args=[firm.pk])))
    assert dispute.case.number in again
    assert "签承诺书，提交" not in again


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"promise": ""}, "没有勾选承诺"),
        ({"employees": "很多"}, "请填整数"),
        ({"employees": "-1"}, "不能小于 0"),
        ({"industry": "制造"}, "请填 2 至 4 位数字"),
        ({"claimed_class": "SMALL"}, "标准给出的是中型"),
    ],
)
def test_a_faulty_form_says_what_is_wrong_and_keeps_what_was_typed(
    owner: User, changed: dict[str, str], words: str
) -> None:
    firm = Enterprise.objects.get()
    answer = browser(owner).post(
        reverse("unit-size-class-object", args=[firm.pk]),
        {**FORM, "submission_id": str(uuid.uuid4()), **changed},
    )
    assert answer.status_code == 422
    assert words in text(answer)
    assert "20,000" in text(answer)
    assert not SizeDispute.objects.exists()


def test_papers_are_handed_in_found_and_signed(owner: User) -> None:
    firm, dispute = Enterprise.objects.get(), file(owner)
    number = dispute.case.number
    address = reverse("unit-dispute-papers", args=[firm.pk, number])
    assert browser(owner).post(address, {}).status_code == 422
    paper = SimpleUploadedFile("审计报告.pdf", PDF)
    assert browser(owner).post(address, {"papers": [paper]}).status_code == 302
    handler, reviewer = officer(Role.HANDLER), officer(Role.REVIEWER)
    page = text(browser(handler).get(reverse("case-size-dispute", args=[number])))
    assert "审计报告.pdf" in page
    assert "320 · 320" in page
    propose = reverse("dispute-propose", args=[number])
    assert browser(handler).post(propose, {}).status_code == 422
    finding = {"has_papers": "yes", "employees": "320", "revenue_wan": "20000", "assets_wan": "15000"}
    assert browser(handler).post(propose, {**finding, "why": "审计报告第 3 页"}).status_code == 302
    page = text(browser(reviewer).get(reverse("case-size-dispute", args=[number])))
    assert "材料证明了主张的划型" in page
    sign = reverse("dispute-decide", args=[number])
    assert browser(reviewer).post(sign, {}).status_code == 422
    assert browser(reviewer).post(sign, {"agreed": "yes"}).status_code == 302
    assert Case.objects.get(number=number).status == CONFIRMED
    seen = text(browser(owner).get(reverse("unit-dispute", args=[firm.pk, number])))
    assert "划型已认定" in seen
    assert "审计报告第 3 页" not in seen
    assert handler.full_name not in seen


def test_letters_and_papers_open_for_the_unit_and_for_officers_and_each_look_is_recorded(
    owner: User,
) -> None:
    firm, dispute = Enterprise.objects.get(), file(owner)
    number, letter = dispute.case.number, dispute.case.letters.get()
    own = browser(owner)
    page = own.get(reverse("unit-dispute-letter", args=[firm.pk, number, letter.pk]))
    assert "企业划型承诺书" in text(page)
    pdf = own.get(reverse("unit-dispute-letter-pdf", args=[firm.pk, number, letter.pk]))
    assert pdf.content.startswith(b"%PDF")
    handler = browser(officer(Role.HANDLER))
    assert "企业划型承诺书" in text(handler.get(reverse("dispute-letter", args=[number, letter.pk])))
    assert handler.get(reverse("dispute-letter", args=[number, letter.pk + 99])).status_code == 404
    assert Access.objects.filter(case_number=number, reason=f"letter {letter.pk}").count() == 3


def test_an_agent_of_another_unit_finds_nothing(owner: User) -> None:
    firm, dispute = Enterprise.objects.get(), file(owner)
    other = agent("乙某", "13010219900307002X", RegisteredUnit("别的有限公司", code(2), "AGENT"), now=NOW)
    for name, args in (
        ("unit-size-class", [firm.pk]),
        ("unit-dispute", [firm.pk, dispute.case.number]),
    ):
        assert browser(other).get(reverse(name, args=args)).status_code == 404


def test_an_officer_sees_what_contradicts(owner: User) -> None:
    dispute = file(owner, employees="310")
    assert dispute.case.status == PROOF
    page = text(browser(officer(Role.HANDLER)).get(reverse("case-size-dispute", args=[dispute.case.number])))
    assert "年末参保 320 人，承诺的从业人员只有 310 人。" in page


def test_a_finding_that_only_a_person_can_make_asks_for_the_class(owner: User) -> None:
    dispute = file(owner, industry="8310")
    handler = browser(officer(Role.HANDLER))
    finding = {"has_papers": "yes", "employees": "320", "why": "年报"}
    answer = handler.post(reverse("dispute-propose", args=[dispute.case.number]), finding)
    assert answer.status_code == 422
    assert "要由人工划型，请选核实的划型" in text(answer)
    assert Case.objects.get(pk=dispute.pk).status == PROOF != EVIDENCE


def test_a_list_is_recorded_from_a_paste_and_its_faults_are_shown(owner: User) -> None:
    handler = browser(officer(Role.HANDLER))
    wrong = code(1)[:17] + ("0" if code(1)[17] != "0" else "1")
    form = {
        "name": "WAGE_ARREARS",
        "document": "信用平台",
        "published_on": "2025-11-19",
        "pasted": f"统一社会信用代码，名称\n{code(1)}，甲\n{wrong},乙\n{code(1)},甲",
    }
    answer = handler.post(reverse("list-record"), form, follow=True)
    page = text(answer)
    assert "登记了 3 行，其中 1 个是本地参保单位。" in page
    assert "校验位不符" in page
    assert "只算一次" in page
    assert Listing.objects.count() == 1
    assert "拖欠农民工工资失信名单" in text(handler.get(reverse("lists")))


def test_a_list_is_recorded_from_a_file_in_either_encoding(owner: User) -> None:
    handler = browser(officer(Role.HANDLER))
    for day, encoding in (("2025-11-18", "gb18030"), ("2025-11-19", "utf-8-sig")):
        content = f"代码,名称\n{code(1)},甲\n".encode(encoding)
        form = {
            "name": "ZOMBIE",
            "document": "公布页",
            "published_on": day,
            "file": SimpleUploadedFile("名单.csv", content),
        }
        assert handler.post(reverse("list-record"), form).status_code == 302
    assert list(Publication.objects.values_list("known", flat=True)) == [1, 1]


def test_a_list_from_the_future_is_refused_in_words(owner: User) -> None:
    form = {"name": "ZOMBIE", "document": "公布页", "published_on": "2025-12-19"}
    answer = browser(officer(Role.HANDLER)).post(reverse("list-record"), form)
    assert answer.status_code == 422
    assert "公布日期在今天以后" in text(answer)


def test_a_supervisor_holds_a_refund_back_and_lets_it_go(owner: User) -> None:
    supervisor = browser(officer(Role.SUPERVISOR))
    form = {"code": code(1).lower(), "ground": "RECTIFICATION", "reason": "账册不全"}
    assert supervisor.post(reverse("hold-place"), {**form, "code": code(9)}).status_code == 422
    assert supervisor.post(reverse("hold-place"), form).status_code == 302
    hold = Hold.objects.get()
    assert "账册不全" in text(supervisor.get(reverse("holds")))
    assert browser(officer(Role.HANDLER)).post(reverse("hold-lift", args=[hold.pk])).status_code == 403
    lift = reverse("hold-lift", args=[hold.pk])
    supervisor.post(lift, {})
    hold.refresh_from_db()
    assert hold.lifted_at is None
    supervisor.post(lift, {"because": "复查通过"})
    hold.refresh_from_db()
    assert hold.lifted_because == "复查通过"


def test_an_officer_of_another_city_sees_no_dispute_and_no_hold(owner: User) -> None:
    dispute = file(owner)
    elsewhere = browser(officer(Role.HANDLER, region="130200"))
    assert elsewhere.get(reverse("case-size-dispute", args=[dispute.case.number])).status_code == 404
