"""Values of law that a bureau has added: proposed by one supervisor, in force once another has approved.

A trigger lets each be decided once (approved, or closed without approval) and refuses every other change. No
writes, no rules in this module.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

import policy.kinds
from cases.models import Case
from law.parameters import Citation, DatedValue

POLICY = policy.kinds.POLICY
"""Known as soon as the tables are, like the kind of every app."""

OPEN = Q(approved_at__isnull=True, closed_at__isnull=True)


class PolicyValueQuerySet(models.QuerySet["PolicyValue"]):
    """Filters that several readers share."""

    def approved(self) -> PolicyValueQuerySet:
        """What counts, in the order of approval: of two for the same start the later one is the law."""
        return self.filter(approved_at__isnull=False).order_by("approved_at", "pk")

    def open(self) -> PolicyValueQuerySet:
        """Proposals that wait for a second supervisor, oldest first."""
        return self.filter(OPEN).order_by("proposed_at", "pk")


class PolicyValue(models.Model):
    """One dated value: `key` holds in `region` from `start` on. Text only, so that no float can enter.

    `reference` is a `law.parameters.Citation`; `assumption` marks a number for trials that no notice
    supports. `reason` are the proposer's own words, `remark` those of whoever decided. `closed_by` declined
    it, or took it back; the case's status says which.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="policy_value")
    key = models.CharField(max_length=80)
    region = models.CharField(max_length=6)
    start = models.DateField()
    value = models.JSONField()
    unit = models.CharField(max_length=20)
    reference = models.JSONField()
    assumption = models.BooleanField()
    reason = models.TextField(blank=True, default="")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    remark = models.TextField(blank=True, default="")

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
            models.CheckConstraint(
                name="policy_value_closed_whole",
                condition=Q(closed_by__isnull=True, closed_at__isnull=True)
                | Q(
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                    closed_at__gte=F("proposed_at"),
                    approved_at__isnull=True,
                ),
            ),
            models.CheckConstraint(name="policy_value_region", condition=Q(region__regex=r"^[0-9]{6}$")),
            # Two clicks on one form, or two supervisors with one notice, make one proposal.
            models.UniqueConstraint(
                name="policy_value_open_once", fields=["key", "region", "start"], condition=OPEN
            ),
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

    @property
    def number(self) -> str:
        """The number of its case."""
        return self.case.number

    @property
    def is_open(self) -> bool:
        """Whether it waits for a second supervisor."""
        return self.approved_at is None and self.closed_at is None

    @property
    def citation(self) -> Citation:
        """Where the number comes from."""
        return Citation.from_json(self.reference)

    def dated(self) -> DatedValue:
        """The row as the law book reads it. Raises ValueError for a value that no rule could read."""
        return DatedValue(
            key=self.key,
            region=self.region,
            start=self.start,
            value=self.value,
            unit=self.unit,
            reference=self.citation,
        )
