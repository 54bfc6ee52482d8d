"""Contribution histories as the core system kept them: whose, for which month, what was paid, and when.

Imported rows only, each with the file and line it came from; no row is changed once it is written. What they
mean for a claim is not decided here.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.privacy import EncryptedTextField
from cases.intake_models import Intake


class InsuredPerson(models.Model):
    """Somebody who has a contribution history. Found by the digest that `accounts.Identifier` has, too; most
    of them never claim, so they are no parties.
    """

    digest = models.CharField(max_length=64, unique=True)
    number = EncryptedTextField()
    masked = models.CharField(max_length=40)


class Contribution(models.Model):
    """What was paid for one person's month at one unit. Two units in one month are two rows and one month."""

    class Kind(models.TextChoices):
        """How it was paid."""

        REGULAR = "REGULAR", _("正常")
        ARREARS = "ARREARS", _("补缴")

    person = models.ForeignKey(
        InsuredPerson, on_delete=models.PROTECT, related_name="contributions", db_index=False
    )
    month = models.CharField(max_length=7)
    unit = models.CharField(max_length=18)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    base_fen = models.BigIntegerField()
    unit_fen = models.BigIntegerField()
    own_fen = models.BigIntegerField()
    paid_on = models.DateField()
    intake = models.ForeignKey(Intake, on_delete=models.PROTECT, related_name="+", db_index=False)
    line = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="claims_contribution_once", fields=["person", "month", "unit"]),
            models.CheckConstraint(
                name="claims_contribution_amounts",
                condition=Q(base_fen__gte=0) & Q(unit_fen__gte=0) & Q(own_fen__gte=0),
            ),
        ]
