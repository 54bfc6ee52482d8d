"""The matrix of roles and actions, and the guard before a view."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts.models import ADMINISTRATORS, API_SCOPES, STAFF_ROLES, Access, Role, User
from accounts.roles import MATRIX, SCOPES, Action, Guarded, can, requires, who_may
from tests.accounts.people import new_secret, officer

C, H, R, S, A = Role.CITIZEN, Role.HANDLER, Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR
EXPECTED: dict[Action, set[Role]] = {
    Action.PUBLIC: set(),
    Action.SIGNED_IN: set(Role),
    Action.OWN_ACCOUNT: set(STAFF_ROLES),
    Action.APPLY: {C},
    Action.SEE_OWN_MATTERS: {C},
    Action.SEE_OWN_UNITS: {Role.AGENT},
    Action.DELEGATE_UNIT: {Role.AGENT},
    Action.ACT_FOR_UNIT: {Role.AGENT},
    Action.OPEN_PAPERS: {C, H, R, S, A},
    Action.SEE_QUEUE: {H, R, S, A},
    Action.SEE_CASE: {H, R, S, A},
    Action.HANDLE_CASE: {H},
    Action.REVIEW_CASE: {R},
    Action.REASSIGN: {S},
    Action.UNMASK: {H, R, S},
    Action.EXPORT: {S},
    Action.IMPORT: {S},
    Action.SEE_BATCHES: {H, R, S, A},
    Action.MAKE_BATCH: {H},
    Action.CHECK_BATCH: {R, S},
    Action.RUN_MONTH: {H},
    Action.SIGN_MONTH: {S},
    Action.SEE_UNITS: {H, R, S, A},
    Action.KEEP_LISTS: {H},
    Action.HOLD_REFUNDS: {S},
    Action.SEE_FUND: {R, S, A},
    Action.SEE_POLICY: {H, R, S, A},
    Action.PROPOSE_POLICY: {S},
    Action.APPROVE_POLICY: {S},
    Action.MANAGE_USERS: {Role.SECURITY_ADMIN},
    Action.READ_AUDIT_LOG: {Role.AUDIT_ADMIN},
    Action.SEE_SYSTEM: {Role.SYSTEM_ADMIN},
    Action.API_DETERMINATIONS: set(),
}


@requires(Action.HANDLE_CASE)
def handle(request: HttpRequest, number: str = "") -> HttpResponse:
    """Handle a case."""
    return HttpResponse(f"handled {number}")


def asked(
    user: User | AnonymousUser, view: Guarded[[str]], path: str = "/cases/1/", **headers: str
) -> HttpResponse:
    request = RequestFactory().get(path, headers=headers)
    request.user = user
    answer = view(request, "1")
    assert isinstance(answer, HttpResponse)
    return answer


def test_the_matrix_is_what_the_house_decided() -> None:
    assert set(EXPECTED) == set(Action)
    for action, roles in EXPECTED.items():
        assert set(who_may(action)) == roles, action


def test_every_role_has_a_row_and_every_scope_an_action() -> None:
    assert set(MATRIX) == set(Role) == {Role.CITIZEN, Role.AGENT, *STAFF_ROLES}
    assert set(SCOPES) == set(API_SCOPES)


def test_administrators_see_no_case_and_no_money() -> None:
    for role in ADMINISTRATORS:
        assert not MATRIX[role] & {Action.SEE_CASE, Action.SEE_QUEUE, Action.SEE_BATCHES, Action.UNMASK}


def test_who_makes_a_thing_is_of_another_role_than_who_checks_it() -> None:
    for role in Role:
        assert not {Action.MAKE_BATCH, Action.CHECK_BATCH} <= MATRIX[role]
        assert not {Action.RUN_MONTH, Action.SIGN_MONTH} <= MATRIX[role]
        assert not {Action.HANDLE_CASE, Action.REVIEW_CASE} <= MATRIX[role]


@pytest.mark.django_db
def test_a_visitor_may_see_public_pages_only() -> None:
    assert [action for action in Action if can(AnonymousUser(), action)] == [Action.PUBLIC]
    closed = officer()
    closed.is_active = False
    assert not can(closed, Action.HANDLE_CASE)


def test_the_guard_keeps_name_action_and_arguments_of_the_view() -> None:
    assert handle.action is Action.HANDLE_CASE
    assert getattr(handle, "__name__", "") == "handle"
    assert handle.__doc__ == "Handle a case."


def test_a_visitor_is_sent_to_the_sign_in_page_of_those_who_may_and_back() -> None:
    answer = asked(AnonymousUser(), handle)
    assert (answer.status_code, answer["Location"]) == (302, "/staff/sign-in/?next=%2Fcases%2F1%2F")
    apply: Guarded[[str]] = requires(Action.APPLY)(handle.view)
    assert asked(AnonymousUser(), apply, "/apply/")["Location"] == "/sign-in/?next=%2Fapply%2F"
    units: Guarded[[str]] = requires(Action.SEE_OWN_UNITS)(handle.view)
    assert asked(AnonymousUser(), units, "/units/")["Location"] == "/sign-in/?next=%2Funits%2F&as=unit"


def test_htmx_is_told_to_leave_the_page_instead_of_putting_the_sign_in_form_into_it() -> None:
    answer = asked(AnonymousUser(), handle, **{"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/staff/sign-in/")


@pytest.mark.django_db
def test_the_right_role_is_served() -> None:
    assert asked(officer(totp_secret=new_secret()), handle).content == b"handled 1"


@pytest.mark.django_db
def test_the_wrong_role_gets_a_page_that_says_who_may_and_leaves_a_trace() -> None:
    reviewer = officer("reviewer", Role.REVIEWER, totp_secret=new_secret())
    answer = asked(reviewer, handle)
    assert answer.status_code == 403
    assert "经办" in answer.content.decode()
    line = Access.objects.latest("id")
    assert (line.act, line.actor, line.reason) == ("REFUSED", reviewer, "HANDLE_CASE")


@pytest.mark.django_db
def test_an_officer_without_a_second_factor_sets_one_up_before_anything_else() -> None:
    answer = asked(officer(), handle)
    assert (answer.status_code, answer["Location"]) == (302, "/staff/second-factor/")


@pytest.mark.django_db
def test_an_officer_whose_password_another_has_set_chooses_an_own_one_first() -> None:
    newcomer = officer(totp_secret=new_secret())
    newcomer.temporary_password = True
    answer = asked(newcomer, handle)
    assert (answer.status_code, answer["Location"]) == (302, "/account/password/")
    page: Guarded[[str]] = requires(Action.HANDLE_CASE, needs_own_password=False)(handle.view)
    assert asked(newcomer, page).status_code == 200


@pytest.mark.django_db
def test_machines_are_answered_in_json() -> None:
    view: Guarded[[str]] = requires(Action.HANDLE_CASE, json=True)(handle.view)
    answer = asked(AnonymousUser(), view)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    refused = asked(officer("auditor", Role.AUDITOR, totp_secret=new_secret()), view)
    assert (refused.status_code, json.loads(refused.content)["code"]) == (403, "not_allowed")
