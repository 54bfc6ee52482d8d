"""Tables of intakes: files brought in from the bureau's core system, and the rows that were not taken.

A file is kept encrypted, in pieces, and only until it has been read; what it brought is the business of the
app that reads it. No writes here.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.privacy import EncryptedBinaryField


class Intake(models.Model):
    """One file: who brought it, how far it is, and what became of its rows."""

    class Kind(models.TextChoices):
        """What its rows are."""

        CONTRIBUTIONS = "CONTRIBUTIONS", _("缴费记录")
        RECIPIENTS = "RECIPIENTS", _("正在领取的人")
        ENTERPRISES = "ENTERPRISES", _("参保单位")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="intakes")
    asked_at = models.DateTimeField()
    file_name = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    # Its pieces are here until it is read; a command reads the file where it lies.
    is_kept = models.BooleanField(default=False)
    # A second officer's signature, where one is needed before anything is written.
    checked_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    # How many lines it has about; 0 while that is not known.
    about = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    total_fen = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The code of what stopped it, and the numbers of its sentence.
    problem = models.CharField(max_length=40, blank=True)
    problem_numbers = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="cases_intake_once", fields=["kind", "sha256"], condition=Q(finished_at=None)
            ),
            models.CheckConstraint(
                name="cases_intake_signed_by_another",
                condition=Q(signed_by=None, signed_at=None)
                | Q(signed_at__isnull=False) & ~Q(signed_by=F("asked_by")),
            ),
        ]


class IntakePiece(models.Model):
    """A piece of a file that waits to be read."""

    intake = models.ForeignKey(Intake, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    serial = models.PositiveIntegerField()
    content = EncryptedBinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="cases_intakepiece_once", fields=["intake", "serial"])
        ]


class IntakeFault(models.Model):
    """A row that was not taken: where, and why. `value` shows no number of a person."""

    intake = models.ForeignKey(Intake, on_delete=models.CASCADE, related_name="faults", db_index=False)
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=32)
    value = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["intake", "line"], name="cases_intakefault_lines")
        ]
