"""Addresses of signing in. Only what is listed here of the sign-in library can be reached.

The names with an underscore are those by which the library itself finds the page.
"""

from django.urls import path

from accounts import api, views

urlpatterns = [
    path("sign-in/", views.citizen_sign_in, name="sign-in"),
    path("sign-in/<slug:provider_id>/", views.to_identity_provider, name="openid_connect_login"),
    path("sign-in/<slug:provider_id>/back/", views.from_identity_provider, name="openid_connect_callback"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("staff/sign-in/", views.staff_sign_in, name="staff-sign-in"),
    path("staff/sign-in/", views.staff_sign_in, name="account_login"),
    path("staff/sign-in/code/", views.one_time_code, name="mfa_authenticate"),
    path("staff/second-factor/", views.set_up_second_factor, name="mfa_activate_totp"),
    path("staff/recovery-codes/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("api/v1/token/", api.token, name="api-token"),
]
