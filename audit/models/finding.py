"""A finding: what a check found about one claim, as a case that people inquire into.

Its status is its case's. No writes, no rules, no network here.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.privacy import EncryptedTextField
from audit.checks import Check, Severity
from audit.models.check import CheckHit
from cases.models import Attachment, Case, Letter, Proposal
from claims.models import Claim


class Screened(models.TextChoices):
    """What the machine's look at a hit gave: why people should doubt it, or nothing."""

    PLAIN = "PLAIN", _("没有疑点")
    OLD_DATA = "OLD_DATA", _("对方数据太旧")
    OTHER_NAME = "OTHER_NAME", _("对方登记的姓名不同")
    OVER_BEFORE = "OVER_BEFORE", _("领取之前就已结束")


class Finding(models.Model):
    """One hit that people look at; one-to-one on its case. One open finding a claim and check.

    `held_at`: since when the next payment waits for it. `reply_due`: the last day on which the person may
    state and defend. `overpaid_*` are what a confirmed one came to.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="finding", primary_key=True)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="findings")
    hit = models.OneToOneField(CheckHit, on_delete=models.PROTECT, related_name="finding")
    check_code = models.CharField(max_length=3, choices=Check)
    severity = models.CharField(max_length=6, choices=Severity)
    screened = models.CharField(max_length=12, choices=Screened)
    found_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True, blank=True)
    facts = EncryptedTextField(blank=True, default="")
    notice = models.ForeignKey(
        Letter, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    notified_at = models.DateTimeField(null=True, blank=True)
    reply_due = models.DateField(null=True, blank=True)
    reply = EncryptedTextField(blank=True, default="")
    reply_papers = models.ManyToManyField(Attachment, related_name="+", blank=True)
    # The person has been heard, or the time for it is over.
    heard_at = models.DateTimeField(null=True, blank=True)
    # The stop that was proposed with a confirmation; it is signed with it.
    stop = models.OneToOneField(
        Proposal, on_delete=models.PROTECT, null=True, blank=True, related_name="finding"
    )
    overpaid_months = models.PositiveSmallIntegerField(default=0)
    overpaid_fen = models.BigIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="audit_finding_one_open",
                fields=["claim", "check_code"],
                condition=Q(closed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="audit_finding_notified_whole",
                condition=Q(notified_at=None, reply_due=None, notice=None)
                | Q(notified_at__isnull=False, reply_due__isnull=False, notice__isnull=False),
            ),
            models.CheckConstraint(name="audit_finding_overpaid", condition=Q(overpaid_fen__gte=0)),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="audit_finding_open", fields=["closed_at", "held_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.check_code}"


class Assistance(models.Model):
    """A letter that asks another agency for its files about a finding, and what it answered. One a finding.

    After `due` comes one reminder, then the province is told.
    """

    finding = models.OneToOneField(
        Finding, on_delete=models.PROTECT, related_name="assistance", primary_key=True
    )
    agency = models.CharField(max_length=120)
    question = EncryptedTextField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    due = models.DateField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    answer = EncryptedTextField(blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="audit_assistance_reminded_first",
                condition=Q(escalated_at=None) | Q(reminded_at__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                name="audit_assistance_open", fields=["due"], condition=Q(answered_at=None, escalated_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.agency}"
