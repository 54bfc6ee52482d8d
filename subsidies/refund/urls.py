"""Addresses of the refund: officers' pages, the unit's own, and the public notice."""

from django.urls import path

from subsidies.refund import unit_views, views

urlpatterns = [
    path("refunds/", views.overview, name="refunds"),
    path("refunds/open/", views.open_year, name="refunds-open"),
    path("refunds/fund-years/", views.fund_year, name="refunds-fund-year"),
    path("refunds/finance/<int:key>/", views.finance, name="refund-finance"),
    path("refunds/finance/<int:key>/paper/", views.finance_paper, name="refund-finance-paper"),
    path("refunds/years/<str:number>/", views.campaign, name="case-refund-campaign"),
    path("refunds/years/<str:number>/trial/", views.trial, name="refund-trial"),
    path("refunds/years/<str:number>/<str:step>/", views.step, name="refund-campaign-step"),
    path("refunds/<str:number>/", views.refund, name="case-refund"),
    path("refunds/<str:number>/propose/", views.propose, name="refund-propose"),
    path("refunds/<str:number>/review/", views.review, name="refund-review"),
    path("refunds/<str:number>/hold/", views.end_hold, name="refund-end-hold"),
    path("refunds/<str:number>/complaint/", views.complain, name="refund-complaint"),
    path("refunds/<str:number>/answer/", views.answer, name="refund-answer"),
    path("units/<int:unit>/refunds/", unit_views.refunds, name="unit-refunds"),
    path("units/<int:unit>/refunds/<int:year>/", unit_views.refund, name="unit-refund"),
    path("units/<int:unit>/refunds/<int:year>/confirm/", unit_views.confirm, name="unit-refund-confirm"),
    path("units/<int:unit>/refunds/<int:year>/decline/", unit_views.decline, name="unit-refund-decline"),
    path("units/<int:unit>/refunds/<int:year>/object/", unit_views.object_to, name="unit-refund-object"),
    path("notices/", unit_views.notices, name="refund-notices"),
    path("notices/<int:year>/<str:region>/<int:nth>/", unit_views.notice, name="refund-notice"),
]
