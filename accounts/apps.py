"""Names the app to Django. It must never do work at start-up."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Parties, users, roles, sign-in, encryption and the access log."""

    name = "accounts"
    verbose_name = _("用户与权限")
    default_auto_field = "django.db.models.BigAutoField"
