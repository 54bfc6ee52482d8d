"""Pages in Chromium, under the real content security policy: all accessible, none wider than the screen, no
fault in the console, in light, dark and large type; and the officers' keys.

The site is served from this process on the test's own transaction, so nothing has to be emptied afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import BrowserContext, Page, sync_playwright

from accounts.models import API_SCOPES, Role, User
from accounts.selectors import machine
from accounts.services import create_client, ensure_person, record_access, set_second_factor
from cases import services
from cases.kinds import get
from cases.models import Case
from law.identifiers import citizen_id_check_digit
from tests.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

NOW = dt.datetime(2025, 9, 26, 6, 0, tzinfo=dt.UTC)
PEOPLE = ("赵一", "钱二", "孙三")
PHONE, SMALL, DESK = (
    {"width": 390, "height": 844},
    {"width": 320, "height": 700},
    {"width": 1280, "height": 800},
)
PUBLIC = ("/", "/privacy/", "/sign-in/", "/staff/sign-in/", "/nowhere/", "/api/v1/docs/")


@pytest.fixture
def site() -> Iterator[str]:
    """Address of a server that sees what the test has written."""
    with served() as address:
        yield address


class Visitor:
    """One browser; collects what its console complains about."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.site = site
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self._heard(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        # A page that is not found is asked for on purpose.
        if kind in ("error", "warning") and "404" not in text:
            self.complaints.append(text)

    def open(self, path: str) -> Page:
        """Open a page and wait until its scripts have run."""
        self.page.goto(self.site + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def problems(self) -> list[str]:
        """What axe finds, what is wider than the screen, and what the console said."""
        found = Axe().run(self.page).response["violations"]
        wider = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return [
            *(f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found),
            *(["wider than the screen"] if wider else []),
            *self.complaints,
        ]


@pytest.fixture
def visit(site: str, chromium: str) -> Iterator[Any]:
    """Open a browser: `visit(cookies, viewport=…, color_scheme=…)`.

    Ask for it last: its driver runs an event loop in this thread, where Django would open another connection.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def start(cookies: dict[str, str], **options: Any) -> Visitor:
            context = browser.new_context(locale="zh-CN", **options)
            context.add_cookies([{"name": n, "value": v, "url": site} for n, v in cookies.items()])
            return Visitor(context, site)

        yield start
        browser.close()


@pytest.fixture
def officer_cookie(client: Client) -> dict[str, str]:
    """The session of a handler, signed in with both factors."""
    user = User.objects.create(
        username="handler", full_name="宋颖", roles=[Role.HANDLER.value], regions=["130100"]
    )
    set_second_factor(user=user, totp_secret="JBSWY3DPEHPK3PXP", now=NOW)
    client.force_login(user)
    return {name: morsel.value for name, morsel in client.cookies.items()}


@pytest.fixture
def three_cases() -> list[str]:
    """Three claims, just handed in; their numbers in order of their deadlines."""
    numbers = []
    for days, name in enumerate(PEOPLE):
        body = f"130102198604{days + 2:02}000"
        case = services.open_case(
            kind=get("claim"),
            party=ensure_person(
                name=name, id_kind="CITIZEN_ID", id_number=body + citizen_id_check_digit(body), now=NOW
            ),
            region="130102",
            actor=machine(),
            now=NOW,
            verb="claim.submitted",
            promise_due=dt.date(2025, 9, 28 + days),
            promise_days=days + 1,
        )
        numbers.append(case.number)
    return numbers


@pytest.mark.parametrize(
    ("cookies", "options"),
    [
        ({}, {"viewport": DESK}),
        ({}, {"viewport": SMALL, "color_scheme": "dark"}),
        ({"view": "elder"}, {"viewport": PHONE}),
        ({"view": "elder"}, {"viewport": PHONE, "color_scheme": "dark"}),
        ({"anye_language": "en"}, {"viewport": PHONE}),
    ],
    ids=["desk", "dark", "elder", "elder-dark", "english"],
)
def test_public_pages_are_open_to_everybody(visit: Any, cookies: dict[str, str], options: Any) -> None:
    visitor = visit(cookies, **options)
    for path in PUBLIC:
        visitor.open(path)
        assert visitor.problems() == [], path


@pytest.mark.parametrize(
    "options",
    [{"viewport": DESK}, {"viewport": DESK, "color_scheme": "dark"}, {"viewport": SMALL}],
    ids=["desk", "dark", "phone"],
)
def test_the_officers_pages_are_too(
    officer_cookie: dict[str, str], three_cases: list[str], visit: Any, options: Any
) -> None:
    visitor = visit(officer_cookie, **options)
    for path in ("/queue/", "/queue/?tab=all", "/shortcuts/"):
        visitor.open(path)
        assert visitor.problems() == [], path


ADMINISTRATORS = {
    Role.SECURITY_ADMIN: ("/admin/users/", "/admin/users/new/", "/admin/users/{handler}/", "/admin/clients/"),
    Role.AUDIT_ADMIN: ("/admin/access/", "/admin/access/?who=handler&from=2025-09-01"),
    Role.SYSTEM_ADMIN: ("/admin/system/", "/account/", "/account/password/"),
    Role.HANDLER: ("/cases/{case}/number/", "/cases/{case}/"),
    Role.SUPERVISOR: ("/desks/", "/desks/{handler}/", "/cases/{case}/reassign/"),
}


@pytest.fixture
def pages_of(three_cases: list[str]) -> list[tuple[dict[str, str], list[str]]]:
    """For each administrator, and a handler, the cookies of a session and the own pages."""
    found = []
    party = Case.objects.get(number=three_cases[0]).party
    made = {role: create_officer(role) for role in ADMINISTRATORS}
    places = {"handler": str(made[Role.HANDLER].pk), "case": three_cases[0]}
    create_client(name="会计师事务所", scopes=API_SCOPES, regions=["130102"], actor=machine(), now=NOW)
    record_access(act="READ", actor=made[Role.HANDLER], party=party, case_number=three_cases[0], now=NOW)
    for role, pages in ADMINISTRATORS.items():
        found.append((session_of(made[role]), [page.format(**places) for page in pages]))
    user = User.objects.create(username="citizen", party=party)
    return [*found, (session_of(user), ["/my/readers/", "/my/"])]


def session_of(user: User) -> dict[str, str]:
    """The cookies of a browser of one's own."""
    client = Client()
    client.force_login(user)
    return {name: morsel.value for name, morsel in client.cookies.items()}


def create_officer(role: Role) -> User:
    """An officer with a second factor."""
    user = User.objects.create(
        username=role.value.lower(), full_name="宋颖", roles=[role.value], regions=["130102"]
    )
    set_second_factor(user=user, totp_secret="JBSWY3DPEHPK3PXP", now=NOW)
    return user


@pytest.mark.parametrize(
    "options",
    [{"viewport": DESK}, {"viewport": DESK, "color_scheme": "dark"}, {"viewport": SMALL}],
    ids=["desk", "dark", "phone"],
)
def test_the_administrators_pages_and_the_persons_own_are_too(
    pages_of: list[tuple[dict[str, str], list[str]]], visit: Any, options: Any
) -> None:
    for cookies, pages in pages_of:
        visitor = visit(cookies, **options)
        for path in pages:
            page = visitor.open(path)
            assert "/sign-in/" not in page.url, path
            assert visitor.problems() == [], path


def test_the_estimate_changes_without_a_new_page(visit: Any) -> None:
    page = visit({}, viewport=DESK).open("/")
    page.select_option("#years", "5")
    page.select_option("#area", "130133")
    page.click("main form button")
    page.wait_for_selector("#estimate >> text=21,060.00")
    assert page.input_value("#years") == "5"
    assert "years" not in page.url


def test_officers_walk_the_queue_by_keys(
    officer_cookie: dict[str, str], three_cases: list[str], visit: Any
) -> None:
    page = visit(officer_cookie, viewport=DESK).open("/queue/?tab=all")
    focused = "document.activeElement.closest('tr')?.querySelector('.code').textContent ?? ''"
    for key, expected in [("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1)]:
        page.keyboard.press(key)
        assert page.evaluate(focused) == three_cases[expected]
    page.keyboard.press("/")
    page.keyboard.type("jk?")
    assert page.input_value("#q") == "jk?", "keys are silent while a field has the focus"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.is_visible("#shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url("**/queue/")


def test_single_keys_can_be_switched_off_for_good(
    officer_cookie: dict[str, str], three_cases: list[str], visit: Any
) -> None:
    visitor = visit(officer_cookie, viewport=DESK)
    page = visitor.open("/shortcuts/")
    page.get_by_role("button", name="关上单个键").click()
    assert page.is_visible("text=现在关着。")
    page = visitor.open("/queue/?tab=all")
    page.keyboard.press("j")
    assert page.locator("tr.on").count() == 0


def test_a_page_warns_before_the_session_ends_and_one_key_goes_on(
    settings: Any, officer_cookie: dict[str, str], three_cases: list[str], visit: Any
) -> None:
    settings.ANYE_IDLE_SECONDS = {"staff": 64, "citizen": 64}
    settings.ANYE_IDLE_WARNING_SECONDS = 60
    visitor = visit(officer_cookie, viewport=DESK)
    page = visitor.open("/queue/")
    dialog = page.locator("#session-ends")
    dialog.wait_for(state="visible", timeout=20_000)
    assert "过这么久会自动退出：" in dialog.inner_text().replace("\n", "")
    assert visitor.problems() == []
    with page.expect_response("**/session/go-on/") as going_on:
        page.keyboard.press("Enter")
    assert going_on.value.json()["seconds"] > 60
    dialog.wait_for(state="hidden")
