"""Settings of the site that the `submit` benchmark serves: the product's, with the bare list beside it.

Read by the web server's processes alone. It must change nothing that a request passes through.
"""

from __future__ import annotations

from config.settings import *  # noqa: F403 - a settings module is a flat list of names

# The bare list of the queue benchmark, and everything of the product.
ROOT_URLCONF = "benchmarks.queue"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # The manifest would ask for collectstatic first.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
