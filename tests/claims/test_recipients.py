"""Who draws benefit in the core system goes on here: the months left, signed by two, and none twice."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

import claims.services
from accounts.models import Role, User
from accounts.services import ensure_person
from cases import intake
from cases.intake_models import Intake
from cases.models import Determination
from cases.replaying import replay
from claims import kinds
from claims.intakes import LINES
from claims.models import Claim, Spell, SpellMonth
from claims.selectors import months_left, spell_of
from law.errors import Refused
from law.identifiers import cnaps_check_digit, luhn_check_digit
from law.money import Fen
from payouts.models import Obligation, Payee
from payouts.services import open_fund, seal_batch
from tests.factories import CITY, NOW, officer, reread
from tests.sheets import as_text, handed_in, number, row, unit

pytestmark = pytest.mark.django_db

HEADINGS = [
    "证件号码",
    "姓名",
    "手机号码",
    "区县代码",
    "申请日期",
    "核定月数",
    "开始月份",
    "截止月份",
    "已发至",
    "开户行号",
    "开户银行",
    "银行账号",
]
PLACES = {name: place for place, name in enumerate(HEADINGS)}
BANK = "31365102701" + cnaps_check_digit("31365102701")
CARD = "621700000000000001" + luhn_check_digit("621700000000000001")
LATER = NOW + timedelta(hours=2)


def recipient(serial: int = 1, **changed: str) -> list[str]:
    """17 months from 2025-10, paid through 2026-09: five are left, two of them have begun."""
    cells = [
        number(serial),
        "某甲",
        "13800000000",
        "130102",
        "2025-09-26",
        "17",
        "2025-10",
        "2027-02",
        "2026-09",
        BANK,
        "样例银行",
        CARD,
    ]
    for name, text in changed.items():
        cells[PLACES[name]] = text
    return cells


def sheet(*rows: list[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([HEADINGS, *rows])
    return text.getvalue()


@pytest.fixture
def supervisors() -> tuple[User, User]:
    """Who hands in, who signs."""
    return officer(Role.SUPERVISOR), officer(Role.SUPERVISOR)


def checked(actor: User, *rows: list[str]) -> Intake:
    """A list that was handed in and read, not signed."""
    kept = handed_in(actor, sheet(*rows), kind=Intake.Kind.RECIPIENTS)
    assert intake.go_on(intake_id=kept.pk, lines=LINES, now=LATER)
    kept.refresh_from_db()
    assert kept.problem == ""
    return kept


def taken_over(pair: tuple[User, User], *rows: list[str]) -> Intake:
    """The same, signed and written."""
    first, second = pair
    kept = checked(first, *rows)
    intake.sign(intake=kept, line=LINES[kept.kind], actor=second, now=LATER)
    assert intake.go_on(intake_id=kept.pk, lines=LINES, now=LATER)
    kept.refresh_from_db()
    assert kept.problem == ""
    return kept


def faults(kept: Intake) -> list[tuple[int, str, str]]:
    return list(kept.faults.order_by("line", "pk").values_list("line", "column", "reason"))


def test_nothing_is_written_before_another_officer_has_signed(supervisors: tuple[User, User]) -> None:
    first, second = supervisors
    kept = checked(first, recipient(), recipient(2, 截止月份="2026-09", 核定月数="12"))
    assert (kept.read, kept.added, kept.refused, kept.total_fen) == (2, 1, 1, 5 * 198_000)
    assert not Claim.objects.exists()
    assert intake.unfinished() == []
    with pytest.raises(Refused, match=r"intake\.own"):
        intake.sign(intake=kept, line=LINES[kept.kind], actor=first, now=LATER)
    intake.sign(intake=kept, line=LINES[kept.kind], actor=second, now=LATER)
    assert intake.unfinished() == [kept.pk]
    intake.go_on(intake_id=kept.pk, lines=LINES, now=LATER)
    kept.refresh_from_db()
    assert (kept.read, kept.added, kept.refused) == (2, 1, 1)
    assert faults(kept) == [(3, "paid_through", "recipient.used_up")]
    assert Claim.objects.count() == 1


def test_a_list_that_is_withdrawn_leaves_nothing(supervisors: tuple[User, User]) -> None:
    kept = checked(supervisors[0], recipient())
    intake.withdraw(intake=kept, now=LATER)
    kept.refresh_from_db()
    assert kept.problem == "intake.withdrawn"
    assert not kept.pieces.exists() and not Claim.objects.exists()


def test_the_months_left_are_owed_from_the_next_one_and_none_that_was_paid(
    supervisors: tuple[User, User],
) -> None:
    open_fund(region=CITY, amount_fen=Fen(100_000_000), actor=supervisors[0], now=NOW, reference="x")
    taken_over(supervisors, recipient())
    spell = Spell.objects.get()
    assert (spell.months, spell.first_month, spell.last_month) == (5, "2026-10", "2027-02")
    assert claims.services.accrue_due(now=LATER) == 2
    assert claims.services.accrue_due(now=LATER) == 0
    assert list(SpellMonth.objects.order_by("month").values_list("month", "amount_fen")) == [
        ("2026-10", 198_000),
        ("2026-11", 198_000),
    ]
    assert set(Obligation.objects.values_list("program", "item")) == {
        ("continued-benefit", "unemployment-benefit")
    }
    batch = seal_batch(region=CITY, actor=officer(Role.HANDLER), now=LATER + timedelta(minutes=5))
    assert (batch.count, batch.total_fen) == (2, 396_000)


def test_the_determination_says_where_the_award_comes_from_and_can_be_replayed(
    supervisors: tuple[User, User],
) -> None:
    kept = taken_over(supervisors, recipient())
    row = Determination.objects.get()
    assert row.program == "continued-benefit"
    source = {"source": "CORE_SYSTEM_FILE", "intake": kept.pk, "line": 2}
    assert all(sources == [source] for sources in row.sources.values())
    found = replay()
    assert (found.equal, found.different) == (1, 0)


def test_the_same_list_twice_changes_nothing(supervisors: tuple[User, User]) -> None:
    taken_over(supervisors, recipient(), recipient(2))
    before = list(Spell.objects.order_by("pk").values())
    again = taken_over(supervisors, recipient(), recipient(2))
    assert (again.added, again.unchanged, again.refused) == (0, 2, 0)
    assert list(Spell.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"核定月数": "16"}, "granted_months", "recipient.months"),
        ({"核定月数": "25", "截止月份": "2027-10"}, "granted_months", "recipient.long"),
        ({"已发至": "2026-12"}, "paid_through", "month.future"),
        ({"已发至": "2025-09"}, "paid_through", "recipient.months"),
        ({"区县代码": "999999"}, "county", "recipient.county"),
        ({"区县代码": "长安区"}, "county", "region.shape"),
        ({"银行账号": CARD[:-1] + str((int(CARD[-1]) + 1) % 10)}, "account", "number.check"),
        ({"手机号码": "123"}, "mobile", "number.length"),
        ({"姓名": ""}, "name", "cell.empty"),
    ],
)
def test_a_row_that_cannot_be_is_listed(
    supervisors: tuple[User, User], changed: dict[str, str], column: str, reason: str
) -> None:
    kept = checked(supervisors[0], recipient(2), recipient(1, **changed), recipient(3))
    assert (kept.added, kept.refused) == (2, 1)
    assert faults(kept) == [(3, column, reason)]


def test_a_person_twice_in_a_list_is_taken_once(supervisors: tuple[User, User]) -> None:
    kept = taken_over(supervisors, recipient(), recipient(1, 截止月份="2027-01", 核定月数="16"))
    assert (kept.added, faults(kept)) == (1, [(3, "person", "recipient.twice")])


def test_who_is_known_here_keeps_the_party_and_a_differing_name_is_looked_at(
    supervisors: tuple[User, User],
) -> None:
    party = ensure_person(name="某甲", id_kind="CITIZEN_ID", id_number=number(1), now=NOW)
    ensure_person(name="某乙", id_kind="CITIZEN_ID", id_number=number(2), now=NOW)
    kept = taken_over(supervisors, recipient(), recipient(2))
    assert Claim.objects.get().party == party
    assert faults(kept) == [(3, "name", "recipient.name")]
    assert Payee.objects.get(party=party).account_last4 == CARD[-4:]


def test_another_award_of_a_person_who_draws_here_is_not_taken(supervisors: tuple[User, User]) -> None:
    taken_over(supervisors, recipient())
    other = taken_over(supervisors, recipient(1, 截止月份="2027-01", 核定月数="16"))
    assert faults(other) == [(2, "person", "recipient.open")]
    later = taken_over(supervisors, recipient(1, 已发至="2026-10"))
    assert faults(later) == [(2, "person", "recipient.differs")]


def test_who_finds_work_keeps_the_months_left(supervisors: tuple[User, User]) -> None:
    open_fund(region=CITY, amount_fen=Fen(100_000_000), actor=supervisors[0], now=NOW, reference="x")
    taken_over(supervisors, recipient())
    claim = Claim.objects.get()
    claims.services.accrue_due(now=LATER)
    later = LATER + timedelta(days=5)
    claims.services.report_job(claim=claim, started_on=later.date(), actor=supervisors[0], now=later)
    assert reread(claim).case.status == kinds.ENDED
    spell = spell_of(claim)
    assert spell is not None
    assert months_left(spell) == 3


def test_officers_and_pages_can_read_what_was_taken_over(supervisors: tuple[User, User]) -> None:
    first, second = supervisors
    kept = checked(first, recipient())
    client = Client()
    client.force_login(second)
    page = client.get(reverse("import", kwargs={"key": kept.pk})).content.decode()
    assert "可导入 1 行" in page and "9,900.00" in page
    assert client.post(reverse("import-sign", kwargs={"key": kept.pk})).status_code == 302
    intake.go_on(intake_id=kept.pk, lines=LINES, now=LATER)
    case = Claim.objects.get().case
    page = client.get(reverse("case-claim", kwargs={"number": case.number})).content.decode()
    assert "原系统发到" in page and "核心系统导入" in page
    assert "导入的缴费记录" not in page
    own = handed_in(first, as_text([row(), row(1, "2025-08"), row(1, "2025-08", unit=unit(2)), row(2)]))
    intake.go_on(intake_id=own.pk, lines=LINES, now=LATER)
    page = client.get(reverse("case-claim", kwargs={"number": case.number})).content.decode()
    assert "导入的缴费记录" in page and "2 个月" in page and "2 个单位" in page
