"""Addresses of the queue; `case` leads to a case of any kind."""

from django.urls import path

from cases import api, views

urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/next/", views.next_case, name="queue-next"),
    path("cases/<str:number>/", views.open_case_page, name="case"),
    path("cases/<str:number>/take/", views.take, name="case-take"),
    path("cases/<str:number>/release/", views.release, name="case-release"),
    path("cases/<str:number>/number/", views.show_number, name="case-number"),
    path("api/v1/determinations/", api.determinations, name="api-determinations"),
    path("api/v1/determinations/<int:key>/", api.one_determination, name="api-determination"),
    path("api/v1/parameter-sets/<str:digest>/", api.one_parameter_set, name="api-parameter-set"),
]
