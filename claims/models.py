"""Tables of the combined application: draft, registration, claim, request for a person, spell and its months;
and what happens to a spell: suspension, stop, interruption.

A registration and a claim are separate legal acts written in one transaction. A claim's status is its
case's; nothing here carries a status of its own. No writes, no rules, no network in this module.
"""

import uuid
from datetime import timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.privacy import EncryptedJSONField, EncryptedTextField
from cases.models import Case, Determination, Proposal
from claims import (
    contribution_models,  # noqa: F401 - Django finds an app's tables from here
    month_models,  # noqa: F401 - Django finds an app's tables from here
)

DRAFT_KEPT = timedelta(days=30)


class JobWish(models.TextChoices):
    """The work somebody looks for: major groups of the national occupation list, in plain words."""

    LOGISTICS = "LOGISTICS", _("仓储管理、物流调度")
    DRIVING = "DRIVING", _("道路运输驾驶")
    DELIVERY = "DELIVERY", _("配送、快递")
    PRODUCTION = "PRODUCTION", _("生产制造")
    CONSTRUCTION = "CONSTRUCTION", _("建筑、装修、安装")
    SERVICE = "SERVICE", _("餐饮、住宿、居民服务")
    SALES = "SALES", _("销售、客服")
    OFFICE = "OFFICE", _("行政、财务、办公室")
    TECHNICAL = "TECHNICAL", _("工程、软件、技术")
    CARE = "CARE", _("医疗、教育、养老护理")
    UNDECIDED = "UNDECIDED", _("还没想好，请帮我介绍")


class Draft(models.Model):
    """A form begun and not yet sent: kept 30 days, one a person, deleted at submission."""

    party = models.OneToOneField(
        Party, on_delete=models.CASCADE, related_name="claim_draft", primary_key=True
    )
    submission_id = models.UUIDField(default=uuid.uuid4, unique=True)
    answers = EncryptedJSONField()
    saved_at = models.DateTimeField()


class Registration(models.Model):
    """Unemployment registration: in force from submission, ended by its own decision only."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="registrations")
    registered_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)
    mobile = EncryptedTextField()
    residence = models.CharField(max_length=6)
    street = EncryptedTextField(blank=True)
    job_wish = models.CharField(max_length=16, choices=JobWish)
    wants_training = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party"], condition=Q(ended_on__isnull=True), name="claims_registration_one_in_force"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("registered_on")),
                name="claims_registration_ends_after_start",
            ),
        ]


class ClaimQuerySet(models.QuerySet["Claim"]):
    """Filters that several services share."""

    def open(self) -> "ClaimQuerySet":
        """Claims not closed: one a person at most."""
        return self.filter(closed_at__isnull=True)


class Claim(models.Model):
    """One claim of unemployment benefit; one-to-one on its case."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="claim", primary_key=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="claims")
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="claims")
    submission_id = models.UUIDField(unique=True)
    applied_on = models.DateField()
    county = models.CharField(max_length=6)
    claimed_reason = models.CharField(max_length=3, blank=True)
    disputed = EncryptedTextField(blank=True)
    notice_version = models.CharField(max_length=16)
    truth_committed_at = models.DateTimeField()
    asked_round = models.PositiveSmallIntegerField(default=1)
    next_ask_at = models.DateTimeField(null=True, blank=True)
    questions_open_at = models.DateTimeField()
    papers_wanted = EncryptedTextField(blank=True)
    papers_due = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # Why a refusal was taken up again, in the words of whoever did; empty if it never was.
    new_evidence = EncryptedTextField(blank=True)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party"], condition=Q(closed_at__isnull=True), name="claims_claim_one_open_a_party"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_ask_at"], condition=Q(next_ask_at__isnull=False), name="claims_claim_to_ask"
            ),
        ]


class PersonRequest(models.Model):
    """Somebody wants a person to look at the own claim, in the own words, and what was answered."""

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, related_name="person_request", primary_key=True
    )
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="person_requests")
    question = EncryptedTextField(blank=True)
    answer = EncryptedTextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim"],
                condition=Q(answered_at__isnull=True),
                name="claims_personrequest_one_open_a_claim",
            ),
        ]


class Ground(models.TextChoices):
    """Why a spell ended or rests (domain rule 1.9); what follows from each is `law.ending.GROUNDS`."""

    REEMPLOYED = "REEMPLOYED", _("重新就业")
    CONSCRIPTED = "CONSCRIPTED", _("应征服兵役")
    EMIGRATED = "EMIGRATED", _("移居境外")
    PENSION = "PENSION", _("享受基本养老保险待遇")
    JOBS_REFUSED = "JOBS_REFUSED", _("无正当理由拒不接受适当的工作或者培训")
    IMPRISONED = "IMPRISONED", _("被判刑收监执行")
    DIED = "DIED", _("死亡")
    NEVER_ENTITLED = "NEVER_ENTITLED", _("自始不符合条件")
    EXHAUSTED = "EXHAUSTED", _("月数领完")


class Spell(models.Model):
    """The entitlement a grant created: so many months from the first to the last.

    One that runs on up to the retirement age had its months granted up to `extended_from`. One that ended
    keeps its last payable month (`paid_through`), which may lie before `first_month` where nothing was due,
    and how many of its months are kept for a later spell (`months_kept`).
    """

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="spell", primary_key=True)
    determination = models.ForeignKey(Determination, on_delete=models.PROTECT, related_name="+")
    months = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    first_month = models.CharField(max_length=7)
    last_month = models.CharField(max_length=7)
    extended_from = models.CharField(max_length=7, blank=True, default="")
    granted_at = models.DateTimeField()
    ground = models.CharField(max_length=16, choices=Ground, blank=True, default="")
    event_on = models.DateField(null=True, blank=True)
    paid_through = models.CharField(max_length=7, blank=True, default="")
    months_kept = models.PositiveSmallIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ground="", paid_through="", event_on=None, months_kept=None)
                | Q(ended_at__isnull=False, event_on__isnull=False, months_kept__isnull=False)
                & ~Q(ground="")
                & ~Q(paid_through=""),
                name="claims_spell_ended_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(months__gte=1) & Q(months__lte=24), name="claims_spell_months_1_to_24"
            ),
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month")), name="claims_spell_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["last_month", "first_month"], name="claims_spell_months")]


class SpellMonth(models.Model):
    """One month of a spell that has been owed: the amount of that month, once."""

    spell = models.ForeignKey(Spell, on_delete=models.PROTECT, related_name="month_rows")
    month = models.CharField(max_length=7)
    amount_fen = models.BigIntegerField()
    owed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["spell", "month"], name="claims_spell_month_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="claims_spell_month_amount_positive"),
        ]


class Suspension(models.Model):
    """The next payments of a spell wait while something is looked into; on `until` at the latest the person
    has an answer.

    `reference` is the number of the case that looks into it, empty where the claim's own officer does. A
    spell goes on when the last of its suspensions is lifted, as what it was before the first (`came_from`).
    """

    spell = models.ForeignKey(Spell, on_delete=models.PROTECT, related_name="suspensions")
    reference = models.CharField(max_length=32, blank=True, default="")
    why = EncryptedTextField()
    until = models.DateField()
    came_from = models.CharField(max_length=16)
    began_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["spell", "reference"],
                condition=Q(lifted_at=None),
                name="claims_suspension_one_in_force_a_cause",
            ),
        ]


class Stop(models.Model):
    """What a handler proposes to end, or to let rest: on which ground, since when, on what evidence.

    `keeps_months` is an officer's word where the law leaves it to one (`law.ending.Months.OFFICER`).
    """

    proposal = models.OneToOneField(
        Proposal, on_delete=models.PROTECT, related_name="benefit_stop", primary_key=True
    )
    spell = models.ForeignKey(Spell, on_delete=models.PROTECT, related_name="stops")
    ground = models.CharField(max_length=16, choices=Ground)
    event_on = models.DateField()
    evidence = models.CharField(max_length=16)
    keeps_months = models.BooleanField()


class Interruption(models.Model):
    """The months in which a spell rests: those behind `after` up to `until` (empty: still resting).

    They are not paid and not used up; the spell is as many months later over.
    """

    spell = models.ForeignKey(Spell, on_delete=models.PROTECT, related_name="interruptions")
    ground = models.CharField(max_length=16, choices=Ground)
    event_on = models.DateField()
    after = models.CharField(max_length=7)
    until = models.CharField(max_length=7, blank=True, default="")
    began_at = models.DateTimeField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["spell"], condition=Q(ended_on=None), name="claims_interruption_one_open_a_spell"
            ),
            models.CheckConstraint(
                condition=Q(until="", ended_on=None) | Q(ended_on__isnull=False) & Q(until__gte=F("after")),
                name="claims_interruption_ended_whole",
            ),
        ]
