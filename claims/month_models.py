"""Tables of the month that pays a benefit: its frozen roll, the steps that were asked for again, its end.

A part of `claims.models`, which imports it. No writes, no rules, no network in this module.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case


class BenefitMonth(models.Model):
    """The payment of one month in one pool, as a thing: its frozen roll, its steps, its end.

    The roll is frozen once; whoever is granted later is paid in further batches of the same month.
    """

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, related_name="benefit_month", primary_key=True
    )
    pool = models.CharField(max_length=6)
    month = models.CharField(max_length=7)
    frozen_at = models.DateTimeField()
    # How many the freeze found on the roll, and how many had left it since the month before.
    on_count = models.PositiveIntegerField()
    left_count = models.PositiveIntegerField()
    scanned_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "month"], name="claims_month_once"),
            models.CheckConstraint(
                condition=Q(closed_by=None, closed_at=None)
                | (
                    Q(closed_by__isnull=False, closed_at__isnull=False, proposed_by__isnull=False)
                    & ~Q(closed_by=F("proposed_by"))
                ),
                name="claims_month_four_eyes",
            ),
        ]


class RollLine(models.Model):
    """One spell on the roll of a month, or one that left it since the month before, as of the freeze.

    Frozen: only what the scan notes beside it is written, once.
    """

    class Standing(models.TextChoices):
        """Whether the month is due to the spell."""

        ON = "ON", _("在册")
        LEFT = "LEFT", _("出册")

    class Notice(models.TextChoices):
        """What the scan of expiry and ages found; a person looks at it, and nobody is stopped by it."""

        LAST_MONTH = "LAST_MONTH", _("本月领完")
        AGE_THIS_MONTH = "AGE_THIS_MONTH", _("本月到法定退休年龄")
        AGE_REACHED = "AGE_REACHED", _("本月前已到法定退休年龄")
        AGE_UNKNOWN = "AGE_UNKNOWN", _("退休类别不明，可能已到龄")

    month = models.ForeignKey(BenefitMonth, on_delete=models.PROTECT, related_name="lines")
    spell = models.ForeignKey("claims.Spell", on_delete=models.PROTECT, related_name="+")
    standing = models.CharField(max_length=4, choices=Standing)
    # Of one that left: a `Ground`, or the claim's status where none was recorded.
    why = models.CharField(max_length=20, blank=True)
    notice = models.CharField(max_length=16, choices=Notice, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "spell"], name="claims_roll_line_once"),
            models.CheckConstraint(
                condition=Q(standing="ON", why="") | (Q(standing="LEFT") & ~Q(why="")),
                name="claims_roll_left_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "notice"], condition=~Q(notice=""), name="claims_roll_noticed"),
            models.Index(fields=["month", "why"], condition=~Q(why=""), name="claims_roll_left"),
        ]


class StepRun(models.Model):
    """A step of a month that an officer asked for again: done in parts that each commit, under a lease."""

    class Step(models.TextChoices):
        """The steps that can be done again at any time."""

        FREEZE = "FREEZE", _("冻结名册")
        SCAN = "SCAN", _("核对到期和年龄")
        OWE = "OWE", _("生成应付")
        SEND = "SEND", _("送银行")
        RESULTS = "RESULTS", _("取回盘")
        RECONCILE = "RECONCILE", _("对账")

    month = models.ForeignKey(BenefitMonth, on_delete=models.PROTECT, related_name="runs")
    step = models.CharField(max_length=12, choices=Step)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The code of what stopped it; empty where it went through.
    problem = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "step"],
                condition=Q(finished_at__isnull=True),
                name="claims_step_run_one_at_a_time",
            ),
        ]
