"""Tables of the combined application: draft, registration, claim, request for a person, spell and its months.

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
from cases.models import Case, Determination
from claims import contribution_models  # noqa: F401 - Django finds an app's tables from here

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
    """Why a spell ended (domain rule 1.9)."""

    REEMPLOYED = "REEMPLOYED", _("重新就业")
    EXHAUSTED = "EXHAUSTED", _("月数领完")


class Spell(models.Model):
    """The entitlement a grant created: so many months from the first to the last.

    One that ended keeps its last payable month (`paid_through`), which may lie before `first_month` where
    nothing was due; the months behind it are kept for a later spell.
    """

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, related_name="spell", primary_key=True)
    determination = models.ForeignKey(Determination, on_delete=models.PROTECT, related_name="+")
    months = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    first_month = models.CharField(max_length=7)
    last_month = models.CharField(max_length=7)
    granted_at = models.DateTimeField()
    ground = models.CharField(max_length=12, choices=Ground, blank=True, default="")
    event_on = models.DateField(null=True, blank=True)
    paid_through = models.CharField(max_length=7, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, ground="", paid_through="", event_on=None)
                | Q(ended_at__isnull=False, event_on__isnull=False) & ~Q(ground="") & ~Q(paid_through=""),
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
