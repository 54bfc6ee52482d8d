"""Addresses of the queue; `case` leads to a case of any kind."""

from django.urls import path

from cases import views

urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/next/", views.next_case, name="queue-next"),
    path("cases/<str:number>/", views.open_case_page, name="case"),
    path("cases/<str:number>/take/", views.take, name="case-take"),
    path("cases/<str:number>/release/", views.release, name="case-release"),
]
