"""Names the app to Django and makes its kind and messages known; does nothing else."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnterprisesConfig(AppConfig):
    """Insured units, their size class, the lists that name them and the holds on their refunds."""

    name = "enterprises"
    verbose_name = _("单位")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the app's kind of case and messages known; the modules need what is loaded by now."""
        import_module("enterprises.kinds")
        import_module("enterprises.notices")
