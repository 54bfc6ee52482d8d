"""Addresses of all programmes; `case-<kind>` is the page of its kind."""

from django.urls import include, path

urlpatterns = [path("", include("subsidies.refund.urls"))]
