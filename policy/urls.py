"""Addresses of dated values; the page of a proposal is that of its kind of case."""

from django.urls import path

from policy import views

urlpatterns = [
    path("policy/", views.overview, name="policy"),
    path("policy/new/", views.new, name="policy-new"),
    path("policy/keys/<str:key>/", views.key, name="policy-key"),
    path("policy/proposals/<str:number>/", views.case, name="case-policy"),
    path("policy/proposals/<str:number>/decide/", views.decide, name="policy-decide"),
    path("policy/proposals/<str:number>/withdraw/", views.withdraw, name="policy-withdraw"),
]
