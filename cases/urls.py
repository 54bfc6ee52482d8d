"""Addresses of the queue; `case` leads to a case of any kind."""

from django.urls import path

from cases import api, desk_views, job_views, views

urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/next/", views.next_case, name="queue-next"),
    path("queue/export/", job_views.export, name="queue-export"),
    path("jobs/<int:key>/", job_views.job, name="job"),
    path("jobs/<int:key>/file/", job_views.job_file, name="job-file"),
    path("cases/<str:number>/", views.open_case_page, name="case"),
    path("cases/<str:number>/take/", views.take, name="case-take"),
    path("cases/<str:number>/release/", views.release, name="case-release"),
    path("cases/<str:number>/number/", views.show_number, name="case-number"),
    path("cases/<str:number>/hold/", desk_views.hold, name="case-hold"),
    path("cases/<str:number>/resume/", desk_views.resume, name="case-resume"),
    path("cases/<str:number>/reassign/", desk_views.reassign, name="case-reassign"),
    path("desks/", desk_views.all_desks, name="desks"),
    path("desks/aged/", desk_views.aged, name="aged"),
    path("desks/<int:key>/", desk_views.one_desk, name="desk"),
    path("api/v1/determinations/", api.determinations, name="api-determinations"),
    path("api/v1/determinations/<int:key>/", api.one_determination, name="api-determination"),
    path("api/v1/parameter-sets/<str:digest>/", api.one_parameter_set, name="api-parameter-set"),
]
