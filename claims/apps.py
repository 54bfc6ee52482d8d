"""Django's entry for the claims app."""

from django.apps import AppConfig


class ClaimsConfig(AppConfig):
    """The claims app. Its kind of case and its messages become known when it loads."""

    name = "claims"
    verbose_name = "claims"

    def ready(self) -> None:
        from claims import kinds, notices  # noqa: F401, PLC0415  registers data once the apps are loaded
