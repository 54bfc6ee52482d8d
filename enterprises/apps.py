"""Names the app to Django; does nothing else."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EnterprisesConfig(AppConfig):
    """Insured units, their size class, the lists that name them and the holds on their refunds."""

    name = "enterprises"
    verbose_name = _("单位")
    default_auto_field = "django.db.models.BigAutoField"
