"""Names the app to Django; its kinds of case and messages become known when it loads."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class SubsidiesConfig(AppConfig):
    """The programmes paid to units and their staff."""

    name = "subsidies"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("subsidies.refund.kinds")
        import_module("subsidies.refund.notices")
        import_module("subsidies.refund.standing")
