"""The product's addresses and the page of the sample kind."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def sample_page(request: HttpRequest, number: str) -> HttpResponse:
    """Stands for the page that the app of a kind has."""
    return HttpResponse(number)


urlpatterns = [
    path("samples/<str:number>/", sample_page, name="case-sample"),
    path("", include("config.urls")),
]
