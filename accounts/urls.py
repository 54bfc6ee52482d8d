"""Addresses of signing in, of the own account and of the administrators.

Only what is listed here of the sign-in library can be reached. The names with an underscore are those by
which the library itself finds the page.
"""

from django.urls import path

from accounts import api
from accounts.views import access_log, own, session, signing_in, units, users

urlpatterns = [
    path("sign-in/", signing_in.citizen_sign_in, name="sign-in"),
    path("sign-in/<slug:provider_id>/", signing_in.to_identity_provider, name="openid_connect_login"),
    path(
        "sign-in/<slug:provider_id>/back/", signing_in.from_identity_provider, name="openid_connect_callback"
    ),
    path("sign-out/", signing_in.sign_out, name="sign-out"),
    path("sign-out/", signing_in.sign_out, name="account_logout"),
    path("session/", session.left, name="session"),
    path("session/go-on/", session.left, name="session-go-on"),
    path("session/typed/", session.typed_before, name="typed"),
    path("staff/sign-in/", signing_in.staff_sign_in, name="staff-sign-in"),
    path("staff/sign-in/", signing_in.staff_sign_in, name="account_login"),
    path("staff/sign-in/code/", signing_in.one_time_code, name="mfa_authenticate"),
    path("staff/second-factor/", signing_in.set_up_second_factor, name="mfa_activate_totp"),
    path("staff/recovery-codes/", signing_in.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/", own.account, name="own-account"),
    path("account/password/", own.password, name="own-password"),
    path("account/recovery-codes/", own.renew_recovery_codes, name="own-recovery-codes"),
    path("account/passkeys/add/", own.add_passkey, name="own-passkey-add"),
    path("account/passkeys/<int:key>/remove/", own.remove_passkey, name="own-passkey-remove"),
    path("my/readers/", access_log.own_readers, name="my-readers"),
    path("units/", units.own_units, name="units"),
    path("units/<int:unit>/", units.unit, name="unit"),
    path("units/<int:unit>/delegate/", units.delegate, name="unit-delegate"),
    path("units/<int:unit>/mandates/<int:key>/end/", units.end_mandate, name="unit-mandate-end"),
    path("admin/users/", users.users, name="users"),
    path("admin/users/new/", users.new_user, name="user-new"),
    path("admin/users/<int:key>/", users.user, name="user"),
    path("admin/users/<int:key>/rights/", users.change_rights, name="user-rights"),
    path("admin/users/<int:key>/credentials/", users.reset_credentials, name="user-credentials"),
    path("admin/users/<int:key>/open/", users.set_open, name="user-open"),
    path("admin/clients/", users.clients, name="api-clients"),
    path("admin/clients/<str:key>/revoke/", users.revoke_client, name="api-client-revoke"),
    path("admin/access/", access_log.access_log, name="access-log"),
    path("admin/access/party/", access_log.find_party, name="access-log-party"),
    path("api/v1/token/", api.token, name="api-token"),
]
