"""Addresses of batches, returned payments and contradictions; `case-<kind>` is the page of its kind."""

from django.urls import path

from payouts import contradiction_views, views

urlpatterns = [
    path("batches/", views.batches, name="batches"),
    path("batches/new/", views.make, name="batch-make"),
    path("batches/<str:number>/", views.batch, name="case-batch"),
    path("batches/<str:number>/sign/", views.sign, name="batch-sign"),
    path("batches/<str:number>/send-back/", views.send_back, name="batch-send-back"),
    path("liabilities/", views.liabilities, name="liabilities"),
    path("returned/<str:number>/", views.returned, name="case-returned"),
    path("returned/<str:number>/card/", views.ask_card, name="returned-card"),
    path("returned/<str:number>/pay-again/", views.pay_again, name="returned-pay-again"),
    path("returned/<str:number>/decide/", views.decide, name="returned-decide"),
    path("contradictions/<str:number>/", contradiction_views.contradiction, name="case-contradiction"),
    path("contradictions/<str:number>/propose/", contradiction_views.propose, name="contradiction-propose"),
    path("contradictions/<str:number>/decide/", contradiction_views.decide, name="contradiction-decide"),
]
