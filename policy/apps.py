"""Names the app to Django, and hands the approved calendar down to the queue, which cannot ask for it."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

from cases import clocks


class PolicyConfig(AppConfig):
    name = "policy"

    def ready(self) -> None:
        """The queue's clocks count with the years that a bureau has approved, too."""
        clocks.use_calendar(import_module("policy.selectors").calendar)
