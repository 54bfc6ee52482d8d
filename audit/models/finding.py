"""A finding: what a check found about one claim, as a case that people inquire into.

Its status is its case's. No writes, no rules, no network here.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.checks import Check, Severity
from audit.models.check import CheckHit
from cases.models import Case
from claims.models import Claim


class Screened(models.TextChoices):
    """What the machine's look at a hit gave: why people should doubt it, or nothing."""

    PLAIN = "PLAIN", _("没有疑点")
    OLD_DATA = "OLD_DATA", _("对方数据太旧")
    OTHER_NAME = "OTHER_NAME", _("对方登记的姓名不同")
    OVER_BEFORE = "OVER_BEFORE", _("领取之前就已结束")


class Finding(models.Model):
    """One hit that people look at; one-to-one on its case. One open finding a claim and check."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="finding", primary_key=True)
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="findings")
    hit = models.OneToOneField(CheckHit, on_delete=models.PROTECT, related_name="finding")
    check_code = models.CharField(max_length=3, choices=Check)
    severity = models.CharField(max_length=6, choices=Severity)
    screened = models.CharField(max_length=12, choices=Screened)
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="audit_finding_one_open",
                fields=["claim", "check_code"],
                condition=Q(closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.check_code}"
