"""The entry point of the web server."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.wsgi import get_wsgi_application

from config.counters import share_counters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
share_counters(Path(os.environ["ANYE_HOME"]))

application = get_wsgi_application()
