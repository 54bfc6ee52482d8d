"""Makes the composition root an app, so that commands that drive several apps have a home.

Must define no models.
"""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

from cases import timetable
from config.celery import TIMETABLE
from config.celery import app as celery_app


class CompositionConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Give every process our Celery app for its `shared_task`s, connect the signal receivers, and tell
        the apps below when each task has its turn.
        """
        celery_app.set_default()
        for job in TIMETABLE.values():
            timetable.register(job.task, job.every)
        import_module("config.worker")
