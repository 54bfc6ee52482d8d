"""Addresses of the claim's pages; `claim` and `case-claim` are known to other apps by name."""

from django.urls import path

from claims import change_views, intake_views, person_views, views

urlpatterns = [
    path("apply/", views.apply, name="apply"),
    path("apply/draft/", views.save_field, name="apply-draft"),
    path("my/", views.my_matters, name="my"),
    path("imports/", intake_views.imports, name="imports"),
    path("imports/<int:key>/", intake_views.one, name="import"),
    path("imports/<int:key>/sign/", intake_views.sign, name="import-sign"),
    path("imports/<int:key>/withdraw/", intake_views.withdraw, name="import-withdraw"),
    path("imports/<int:key>/refused.csv", intake_views.refused_rows, name="import-refused"),
    path("claims/<str:number>/card/", views.check_card, name="claim-check-card"),
    path("claims/<str:number>/person/", person_views.ask, name="claim-ask-for-person"),
    path("claims/<str:number>/money/", person_views.money, name="claim-money"),
    path("claims/<str:number>/job/", person_views.report_job, name="claim-report-job"),
    path("person-requests/<str:number>/", person_views.person_request, name="case-person-request"),
    path("person-requests/<str:number>/answer/", person_views.answer, name="person-request-answer"),
    path("claims/<str:number>/papers/", views.answer_papers, name="claim-answer-papers"),
    path("claims/<str:number>/propose/", views.propose, name="claim-propose"),
    path("claims/<str:number>/ask-again/", views.ask_again, name="claim-ask-again"),
    path("claims/<str:number>/review/", views.review, name="claim-review"),
    path("claims/<str:number>/suspend/", change_views.suspend, name="claim-suspend"),
    path("claims/<str:number>/resume/", change_views.resume, name="claim-resume"),
    path("claims/<str:number>/stop/", change_views.propose_stop, name="claim-stop"),
    path("claims/<str:number>/stop/sign/", change_views.sign_stop, name="claim-sign-stop"),
    path("claims/<str:number>/category/", change_views.settle_category, name="claim-category"),
    path("claims/<str:number>/release/", change_views.release, name="claim-release"),
    path("claims/<str:number>/reopen/", views.reopen, name="claim-reopen"),
    path("claims/<str:number>/case/reopen/", views.reopen_by_officer, name="case-claim-reopen"),
    path("claims/<str:number>/letters/<int:key>/", views.letter, name="claim-letter"),
    path("claims/<str:number>/letters/<int:key>.pdf", views.letter_pdf, name="claim-letter-pdf"),
    path("claims/<str:number>/papers/<int:key>/", views.paper, name="claim-paper"),
    path("claims/<str:number>/", views.tracker, name="claim"),
    path("claims/<str:number>/case/", views.case_page, name="case-claim"),
]
