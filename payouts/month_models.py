"""Tables of the month's money: what finance was asked for, and the months that are closed.

A part of `payouts.models`, which imports it. No writes, no rules, no network in this module.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from cases.models import Case

Constraints = list[models.BaseConstraint]


class ClosedMonth(models.Model):
    """A month of a pool in which nothing is owed or booked any more, with its figures as officers saw them.

    Months are closed in their order: what is dated in one that is closed, or before it, is refused by a
    trigger (migration 0010). Append-only.
    """

    pool = models.CharField(max_length=6)
    month = models.CharField(max_length=7)
    # Frozen sums and counts; no personal numbers.
    figures = models.JSONField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="payouts_closedmonth_once", fields=["pool", "month"]),
        ]


class FundRequest(models.Model):
    """What the fund is short of for a month, asked of finance: one case, two signatures, then the money.

    What was asked, and from which numbers, never changes; who decided, the voucher and the day it came are
    added, each once.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="fund_request", primary_key=True)
    pool = models.CharField(max_length=6)
    month = models.CharField(max_length=7)
    # How many months of benefit are still to be owed, and their sum; what the fund held free for them.
    count = models.PositiveIntegerField()
    needed_fen = models.BigIntegerField()
    held_fen = models.BigIntegerField()
    amount_fen = models.BigIntegerField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=300, blank=True)
    voucher = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    # Set once it was declined or the money is there: one is open for a month at most.
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="payouts_fundrequest_one_open", fields=["pool", "month"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                name="payouts_fundrequest_amount",
                condition=Q(amount_fen__gt=0) & Q(amount_fen=F("needed_fen") - F("held_fen")),
            ),
            models.CheckConstraint(
                name="payouts_fundrequest_four_eyes",
                condition=Q(decided_by=None, decided_at=None)
                | (Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("asked_by"))),
            ),
            models.CheckConstraint(
                name="payouts_fundrequest_received",
                condition=Q(received_at=None, voucher="") | (Q(received_at__isnull=False) & ~Q(voucher="")),
            ),
        ]
