"""The product's URL tree: each app's own file, and the pages that belong to no app.

Holds no view.
"""

from __future__ import annotations

from django.urls import include, path

from config import api, api_pages, health, metrics, system

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("admin/system/", system.system, name="system"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/schema/", api.schema, name="api-schema"),
    path("api/v1/docs/", api_pages.docs, name="api-docs"),
    path("", include("config.pages")),
    path("", include("accounts.urls")),
    path("", include("cases.urls")),
    path("", include("policy.urls")),
    path("", include("payouts.urls")),
    path("", include("enterprises.urls")),
    path("", include("claims.urls")),
    path("", include("subsidies.urls")),
    path("", include("audit.urls")),
]

handler400 = "config.api.bad_request"
handler403 = "config.api.permission_denied"
handler404 = "config.api.not_found"
handler500 = "config.api.server_error"
