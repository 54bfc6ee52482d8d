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
        """Make the app's messages known; their module needs the models, so it cannot be imported earlier."""
        import_module("payouts.notices")
