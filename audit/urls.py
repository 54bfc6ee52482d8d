"""Addresses of the audit app; `case-finding` is the page of its kind."""

from django.urls import path

from audit import check_views, figure_views, finding_views, own_views

urlpatterns = [
    path("fund/", figure_views.fund, name="fund"),
    path("fund/export/", figure_views.export, name="fund-export"),
    path("checks/", check_views.checks, name="checks"),
    path("checks/start/", check_views.start, name="check-start"),
    path("checks/<str:number>/", check_views.check, name="check"),
    path("checks/<str:number>/again/", check_views.again, name="check-again"),
    path("findings/<str:number>/", finding_views.finding, name="case-finding"),
    path("findings/<str:number>/inquire/", finding_views.inquire, name="finding-inquire"),
    path("findings/<str:number>/reply/", finding_views.record_reply, name="finding-reply"),
    path("findings/<str:number>/agency/", finding_views.ask_agency, name="finding-agency"),
    path("findings/<str:number>/agency/letter/", finding_views.agency_letter, name="finding-agency-letter"),
    path("findings/<str:number>/agency/answer/", finding_views.agency_answer, name="finding-agency-answer"),
    path("findings/<str:number>/propose/", finding_views.propose, name="finding-propose"),
    path("findings/<str:number>/decide/", finding_views.decide, name="finding-decide"),
    path("findings/<str:number>/papers/<int:key>/", finding_views.paper, name="finding-paper"),
    path("claims/<str:number>/checks/", own_views.own_checks, name="claim-checks"),
]
