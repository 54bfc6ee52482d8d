"""Application entry of the payouts app."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PayoutsConfig(AppConfig):
    """Obligations, batches, the ledger and what the bank says."""

    name = "payouts"
    verbose_name = _("发放")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the app's messages and checks known; the modules need what is loaded by now."""
        import_module("payouts.notices")
        import_module("payouts.payer")
