"""Tables of the job-retention refund: the campaign of a year, its runs, each unit's refund and what is paid.

A refund repeats the numbers of its latest determination, so that lists and counts of a whole city read no
JSON; `cases` keeps the determination itself. No writes, rules or network here.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from cases.models import Attachment, Case, Determination

Constraints = list[models.BaseConstraint]


class Campaign(models.Model):
    """The refunds of one year in one pool: opened once, whoever of two officers is faster."""

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, related_name="refund_campaign", primary_key=True
    )
    refund_year = models.PositiveSmallIntegerField()
    region = models.CharField(max_length=6)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    opened_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="subsidies_campaign_once", fields=["region", "refund_year"]),
            models.CheckConstraint(
                name="subsidies_campaign_region", condition=Q(region__regex=r"^[0-9]{6}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.refund_year}"


class Run(models.Model):
    """Long work on a campaign that an officer asked for, done in parts that each commit, under a lease.

    `position` is the key of the last unit that was looked at. Two runs of a campaign are never open at once.
    """

    class Kind(models.TextChoices):
        """What is to be done, and with whom."""

        FIRST = "FIRST", _("筛查全部单位")
        LATE = "LATE", _("筛查没有参加过的和结果可能变化的单位")
        TOP_UP = "TOP_UP", _("给已拨付的单位算补差")
        NOTIFY = "NOTIFY", _("通知单位核对")
        PUBLISH = "PUBLISH", _("列入公示")
        PAY = "PAY", _("复查并生成应付")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField()
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    position = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="subsidies_run_number", fields=["campaign", "number"]),
            models.UniqueConstraint(
                name="subsidies_run_one_open", fields=["campaign"], condition=Q(finished_at=None)
            ),
            models.CheckConstraint(
                name="subsidies_run_kind",
                condition=Q(kind__in=["FIRST", "LATE", "TOP_UP", "NOTIFY", "PUBLISH", "PAY"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.number} {self.kind}"


class Notice(models.Model):
    """A public notice (公示): which refunds stand in it, and the last day on which one may speak up."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="notices")
    number = models.PositiveSmallIntegerField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # The last day, included, and how many working days it counts.
    until = models.DateField()
    days = models.PositiveSmallIntegerField()
    provisional = models.BooleanField(default=False)
    count = models.PositiveIntegerField()
    total_fen = models.BigIntegerField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="subsidies_notice_number", fields=["campaign", "number"])
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} notice {self.number}"


class FinanceReview(models.Model):
    """What the finance department was asked, and its answer as a reviewer recorded it with the document."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="finance_reviews")
    number = models.PositiveSmallIntegerField()
    asked_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    total_fen = models.BigIntegerField()
    # The document that carries the answer; empty until it is there.
    document = models.CharField(max_length=120, blank=True)
    dated_on = models.DateField(null=True, blank=True)
    agreed = models.BooleanField(null=True, blank=True)
    remark = models.TextField(blank=True)
    attachment = models.ForeignKey(
        Attachment, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    recorded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="subsidies_finance_number", fields=["campaign", "number"]),
            models.CheckConstraint(
                name="subsidies_finance_answered_whole",
                condition=Q(agreed__isnull=True, recorded_at__isnull=True, recorded_by__isnull=True)
                | (
                    Q(agreed__isnull=False, recorded_at__isnull=False, recorded_by__isnull=False)
                    & ~Q(document="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} finance {self.number}"


class Refund(models.Model):
    """One unit's refund of one year. The numbers are those of its case's latest determination, for lists."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="refund", primary_key=True)
    # No index of its own: the unique constraint below begins with it.
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="refunds", db_index=False)
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="refunds")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="refunds", db_index=False)
    kind = models.CharField(max_length=24)
    size_class = models.CharField(max_length=8)
    uplift = models.CharField(max_length=16)
    labour_dispatch = models.BooleanField(default=False)
    on_commitment = models.BooleanField(default=False)
    headcount_sum = models.PositiveIntegerField(null=True, blank=True)
    drew = models.PositiveIntegerField(null=True, blank=True)
    limit_bp = models.PositiveIntegerField(null=True, blank=True)
    base_fen = models.BigIntegerField(null=True, blank=True)
    rate_bp = models.PositiveIntegerField(null=True, blank=True)
    refund_fen = models.BigIntegerField(null=True, blank=True)
    payable_fen = models.BigIntegerField(null=True, blank=True)
    # The codes of what failed, or, where nothing did, of what is open.
    because = ArrayField(models.CharField(max_length=32), default=list)
    notified_at = models.DateTimeField(null=True, blank=True)
    answer_due = models.DateField(null=True, blank=True)
    notice = models.ForeignKey(
        Notice, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    finance = models.ForeignKey(
        FinanceReview, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    # Where it stood when it was held, and why; empty while it is not.
    held_from = models.CharField(max_length=16, blank=True)
    held_because = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="subsidies_refund_once", fields=["campaign", "unit"]),
            models.CheckConstraint(
                name="subsidies_refund_payable",
                condition=Q(payable_fen__isnull=True)
                | Q(payable_fen__gte=0, refund_fen__gte=F("payable_fen")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.unit_id}"

    @property
    def average(self) -> str:
        """The average headcount with two decimals, cut off, as people compare it."""
        if self.headcount_sum is None:
            return ""
        return f"{self.headcount_sum // 12:,}.{self.headcount_sum % 12 * 100 // 12:02d}"


class Award(models.Model):
    """What a run owes a unit: the refund, or what a later run adds to it. An obligation follows from it."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="awards", db_index=False)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="awards", db_index=False)
    determination = models.ForeignKey(
        Determination, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    amount_fen = models.BigIntegerField()
    owed_at = models.DateTimeField()
    # The how-manieth of its refund: what an obligation is keyed by.
    number = models.PositiveSmallIntegerField()
    # Taken back before any money left.
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="subsidies_award_number", fields=["refund", "number"]),
            models.UniqueConstraint(
                name="subsidies_award_once", fields=["refund", "run"], condition=Q(withdrawn_at=None)
            ),
            models.CheckConstraint(name="subsidies_award_amount", condition=Q(amount_fen__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id}/{self.run_id}"


class Objection(models.Model):
    """What a unit, or somebody who read the notice, says against a refund, in their own words."""

    class About(models.TextChoices):
        """Who speaks, and about what."""

        DATA = "DATA", _("人数、缴费或账户不对")
        RESULT = "RESULT", _("对不符合的结果有异议")
        COMPLAINT = "COMPLAINT", _("公示期内有人反映")

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="objections")
    about = models.CharField(max_length=12, choices=About.choices)
    words = models.TextField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField()
    # Money was on its way when it came: it is settled when the bank has answered.
    after_sealing = models.BooleanField(default=False)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    settled_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(name="subsidies_objection_worded", condition=~Q(words="")),
            models.CheckConstraint(
                name="subsidies_objection_settled_whole",
                condition=Q(settled_at__isnull=True, settled_by__isnull=True)
                | Q(settled_at__isnull=False, settled_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.refund_id} {self.about}"


class FundYear(models.Model):
    """What the pool held at the end of a year and spent in it, as an officer entered it. The latest
    counts.
    """

    region = models.CharField(max_length=6)
    year = models.PositiveSmallIntegerField()
    balance_fen = models.BigIntegerField()
    expenditure_fen = models.BigIntegerField()
    source = models.CharField(max_length=200)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entered_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(
                name="subsidies_fundyear_amounts",
                condition=Q(balance_fen__gte=0, expenditure_fen__gt=0) & ~Q(source=""),
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="subsidies_fundyear_latest", fields=["region", "year", "entered_at"])
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.year}"
