"""Addresses of the audit app."""

from __future__ import annotations

from django.urls import path

from audit import figure_views

urlpatterns = [
    path("fund/", figure_views.fund, name="fund"),
    path("fund/export/", figure_views.export, name="fund-export"),
]
