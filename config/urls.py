"""The product's URL tree: each app's own file, and the pages that belong to no app.

Holds no view.
"""

from __future__ import annotations

from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("", include("config.pages")),
    path("", include("accounts.urls")),
    path("", include("cases.urls")),
    path("", include("payouts.urls")),
    path("", include("claims.urls")),
]
