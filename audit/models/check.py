"""A monthly check: the roll of one month, what was answered about each person on it, and the hits.

No writes, no rules, no network here. The roll is a snapshot: who was asked about stays as it was taken.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Party
from accounts.privacy import EncryptedBinaryField
from audit.checks import CODES, UNANSWERED, Check
from claims.models import Claim


class CheckRun(models.Model):
    """The check of one month's recipients of one city, before that month is paid. One a month and city."""

    region = models.CharField(max_length=6)
    # The month that is about to be paid, "YYYY-MM".
    period = models.CharField(max_length=7)
    count = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Nobody is asked about any more: all was answered, or the month was paid or held without it.
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="audit_checkrun_once_a_month", fields=["region", "period"]),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What it is called where it is referred to: `HC130100-202512`."""
        return f"HC{self.region}-{self.period.replace('-', '')}"


class CheckRow(models.Model):
    """One person on the roll. `answers` has a letter for each check, in the order of `CODES` (`Said`).

    `clean_on` is the day as of which every check was answered and none hit; a row without it is not clean,
    whatever the reason. Names and numbers are not copied: they stand with the party.
    """

    run = models.ForeignKey(CheckRun, on_delete=models.PROTECT, related_name="rows", db_index=False)
    # Its place in the request file.
    seq = models.PositiveIntegerField()
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="check_rows", db_index=False)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    spell_start = models.CharField(max_length=7)
    answers = models.CharField(max_length=len(CODES), default=UNANSWERED)
    clean_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="audit_checkrow_place", fields=["run", "seq"]),
            models.UniqueConstraint(name="audit_checkrow_once", fields=["claim", "run"]),
            models.CheckConstraint(
                name="audit_checkrow_answers", condition=Q(answers__regex=rf"^[YNUS]{{{len(CODES)}}}$")
            ),
            # The last check is that of contributions paid privately, which mean nothing.
            models.CheckConstraint(
                name="audit_checkrow_clean",
                condition=Q(clean_on=None) | Q(answers__regex="^N+[NY]$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.seq} {self.answers}"


class CheckHit(models.Model):
    """What another office says of one person for one check: word for word, never corrected."""

    row = models.ForeignKey(CheckRow, on_delete=models.PROTECT, related_name="hits", db_index=False)
    check_code = models.CharField(max_length=3, choices=Check)
    province = models.CharField(max_length=40)
    # As it came: the other office masks it.
    unit = models.CharField(max_length=120, blank=True)
    start_month = models.CharField(max_length=7)
    end_month = models.CharField(max_length=7, blank=True)
    data_date = models.DateField()
    # Whether the other office knows the number under the same name; None: it does not say.
    same_name = models.BooleanField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="audit_checkhit_once", fields=["row", "check_code"]),
            models.CheckConstraint(
                name="audit_checkhit_months", condition=Q(end_month="") | Q(end_month__gte=F("start_month"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.row_id} {self.check_code}"


class CheckFile(models.Model):
    """One request file of a run and its answer file: what went out and what came back, both kept encrypted.

    Round 1 asks about everybody, each later one about what is still unanswered. A file is at work until it is
    `answered_at` or `given_up_at`: one a run at a time.
    """

    run = models.ForeignKey(CheckRun, on_delete=models.PROTECT, related_name="files", db_index=False)
    round = models.PositiveSmallIntegerField()
    # The key by which the other side knows it.
    number = models.CharField(max_length=35, unique=True)
    count = models.PositiveIntegerField()
    content = EncryptedBinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    # When the next step is to be tried; moved on before each try, so that of two workers one tries.
    next_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=16, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    answer = EncryptedBinaryField(null=True, blank=True)  # type: ignore[misc]  # null until it has come
    answer_sha256 = models.CharField(max_length=64, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="audit_checkfile_round", fields=["run", "round"]),
            models.UniqueConstraint(
                name="audit_checkfile_one_at_work",
                fields=["run"],
                condition=Q(answered_at=None, given_up_at=None),
            ),
            models.CheckConstraint(
                name="audit_checkfile_answered_whole",
                condition=Q(answered_at=None, as_of=None, answer_sha256="")
                | Q(answered_at__isnull=False, as_of__isnull=False, accepted_at__isnull=False)
                & ~Q(answer_sha256=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number
