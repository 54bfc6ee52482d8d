"""Addresses of batches and returned payments; `case-batch` and `case-returned` are the pages of their
kinds.
"""

from django.urls import path

from payouts import views

urlpatterns = [
    path("batches/", views.batches, name="batches"),
    path("batches/new/", views.make, name="batch-make"),
    path("batches/<str:number>/", views.batch, name="case-batch"),
    path("batches/<str:number>/sign/", views.sign, name="batch-sign"),
    path("batches/<str:number>/send-back/", views.send_back, name="batch-send-back"),
    path("returned/<str:number>/", views.returned, name="case-returned"),
    path("returned/<str:number>/card/", views.ask_card, name="returned-card"),
    path("returned/<str:number>/pay-again/", views.pay_again, name="returned-pay-again"),
    path("returned/<str:number>/decide/", views.decide, name="returned-decide"),
]
