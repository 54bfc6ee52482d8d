"""Names the app to Django. It must never do work at start-up."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    """Cases, their trail, determinations, deadlines and the work queue."""

    name = "cases"
    verbose_name = _("案件")
    default_auto_field = "django.db.models.BigAutoField"
