"""Addresses of disputes about size classes, of lists and of holds; `case-<kind>` is the page of its kind."""

from django.urls import path

from enterprises import list_views, unit_views, views

urlpatterns = [
    path("units/<int:unit>/size-class/", unit_views.size_class, name="unit-size-class"),
    path("units/<int:unit>/size-class/object/", unit_views.object_to_class, name="unit-size-class-object"),
    path("units/<int:unit>/size-class/<str:number>/", unit_views.dispute, name="unit-dispute"),
    path(
        "units/<int:unit>/size-class/<str:number>/papers/",
        unit_views.give_papers,
        name="unit-dispute-papers",
    ),
    path(
        "units/<int:unit>/size-class/<str:number>/papers/<int:key>/",
        unit_views.paper,
        name="unit-dispute-paper",
    ),
    path(
        "units/<int:unit>/size-class/<str:number>/letters/<int:key>/",
        unit_views.letter,
        name="unit-dispute-letter",
    ),
    path(
        "units/<int:unit>/size-class/<str:number>/letters/<int:key>.pdf",
        unit_views.letter_pdf,
        name="unit-dispute-letter-pdf",
    ),
    path("disputes/<str:number>/", views.dispute, name="case-size-dispute"),
    path("disputes/<str:number>/propose/", views.propose, name="dispute-propose"),
    path("disputes/<str:number>/decide/", views.decide, name="dispute-decide"),
    path("disputes/<str:number>/papers/<int:key>/", views.paper, name="dispute-paper"),
    path("disputes/<str:number>/letters/<int:key>/", views.letter, name="dispute-letter"),
    path("disputes/<str:number>/letters/<int:key>.pdf", views.letter_pdf, name="dispute-letter-pdf"),
    path("lists/", list_views.lists, name="lists"),
    path("lists/record/", list_views.record_list, name="list-record"),
    path("lists/<int:key>/", list_views.one_list, name="list"),
    path("holds/", list_views.holds, name="holds"),
    path("holds/place/", list_views.place_hold, name="hold-place"),
    path("holds/<int:key>/lift/", list_views.lift_hold, name="hold-lift"),
]
