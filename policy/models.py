"""Values of law that a bureau has added: proposed by one supervisor, in force once another has approved.

A trigger lets the approval be written once and refuses every other change. No writes, no rules in this
module.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from law.parameters import Citation, DatedValue


class PolicyValueQuerySet(models.QuerySet["PolicyValue"]):
    """Filters that several readers share."""

    def approved(self) -> PolicyValueQuerySet:
        """What counts, in the order of approval: of two for the same start the later one is the law."""
        return self.filter(approved_at__isnull=False).order_by("approved_at", "pk")

    def open(self) -> PolicyValueQuerySet:
        """Proposals that wait for a second supervisor, oldest first."""
        return self.filter(approved_at__isnull=True).order_by("proposed_at", "pk")


class PolicyValue(models.Model):
    """One dated value: `key` holds in `region` from `start` on. Text only, so that no float can enter.

    `reference` is a `law.parameters.Citation`; `assumption` marks a number for trials that no notice
    supports.
    """

    key = models.CharField(max_length=80)
    region = models.CharField(max_length=6)
    start = models.DateField()
    value = models.JSONField()
    unit = models.CharField(max_length=20)
    reference = models.JSONField()
    assumption = models.BooleanField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)

    objects = PolicyValueQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="policy_value_four_eyes",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="policy_value_approved_whole",
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False, approved_at__gte=F("proposed_at")),
            ),
            models.CheckConstraint(name="policy_value_region", condition=Q(region__regex=r"^[0-9]{6}$")),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                name="policy_value_in_force",
                fields=["approved_at", "id"],
                condition=Q(approved_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.region} {self.start}"

    def dated(self) -> DatedValue:
        """The row as the law book reads it. Raises ValueError for a value that no rule could read."""
        return DatedValue(
            key=self.key,
            region=self.region,
            start=self.start,
            value=self.value,
            unit=self.unit,
            reference=Citation.from_json(self.reference),
        )
