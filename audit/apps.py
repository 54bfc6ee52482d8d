"""Django's entry for the audit app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Monthly checks, their findings, and whatever else supervises the fund."""

    name = "audit"
    verbose_name = _("核查")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the app's kinds of case, its messages, letters and exports known."""
        # Registers data once the apps are loaded.
        from audit import exporting, kinds, letters, notices  # noqa: F401, PLC0415
