"""Tables of insured units: the unit, its insured years, its size class, the lists that name it, its holds.

A unit's name and code are those of its party, its corporate account is the party's payee; nothing is kept
twice. What nobody knows is null or UNKNOWN, never zero. No writes, no rules, no network in this module.
"""

from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from cases.models import Case

Constraints = list[models.BaseConstraint]
MONTHS = 12


class UnitKind(models.TextChoices):
    """What a unit is, as the rules of the refund and of the subsidies tell units apart."""

    ENTERPRISE = "ENTERPRISE", _("企业")
    SOCIAL_ORGANISATION = "SOCIAL_ORGANISATION", _("社会团体")
    FOUNDATION = "FOUNDATION", _("基金会")
    SOCIAL_SERVICE = "SOCIAL_SERVICE", _("社会服务机构")
    LAW_FIRM = "LAW_FIRM", _("律师事务所")
    ACCOUNTING_FIRM = "ACCOUNTING_FIRM", _("会计师事务所")
    SOLE_BUSINESS = "SOLE_BUSINESS", _("以单位形式参保的个体工商户")
    PUBLIC_BODY = "PUBLIC_BODY", _("机关事业单位")


class SizeClass(models.TextChoices):
    """The classes of the size rule (工信部联企业〔2011〕300号)."""

    LARGE = "LARGE", _("大型")
    MEDIUM = "MEDIUM", _("中型")
    SMALL = "SMALL", _("小型")
    MICRO = "MICRO", _("微型")


class ExclusionList(models.TextChoices):
    """Public lists on which a unit must not stand. Who is deregistered is known by a date, not by a list."""

    SERIOUS_DISCREDIT = "SERIOUS_DISCREDIT", _("严重失信主体名单")
    DISHONEST_DEBTOR = "DISHONEST_DEBTOR", _("失信被执行人名单")
    WAGE_ARREARS = "WAGE_ARREARS", _("拖欠农民工工资失信名单")
    ZOMBIE = "ZOMBIE", _("僵尸企业名单")


class UpliftBasis(models.TextChoices):
    """Why a unit is on a list of those that get the higher ratio."""

    TARIFF = "TARIFF", _("受关税影响")
    KEY_INDUSTRY = "KEY_INDUSTRY", _("重点行业")


LIST_CHOICES = [*ExclusionList.choices, *UpliftBasis.choices]
LIST_NAMES = [*ExclusionList.values, *UpliftBasis.values]


class Source(models.TextChoices):
    """Who said so."""

    CORE_SYSTEM = "CORE_SYSTEM", _("社保核心系统导入")
    MARKET = "MARKET", _("市场主体登记")
    OFFICER = "OFFICER", _("经办人员录入")
    OWN = "OWN", _("本系统的领金记录")
    UNIT = "UNIT", _("单位填报")


IMPORTED = (Source.CORE_SYSTEM.value, Source.MARKET.value, Source.OFFICER.value)


class Arrears(models.TextChoices):
    """Whether a unit owes contributions on the cut-off date; an approved deferral is no arrears."""

    YES = "YES", _("欠费")
    NO = "NO", _("不欠费")
    UNKNOWN = "UNKNOWN", _("不清楚")


class EnterpriseQuerySet(models.QuerySet["Enterprise"]):
    """Filters that several selectors share."""

    def existing_on(self, on: date) -> "EnterpriseQuerySet":
        """Units that were not deregistered by this day."""
        return self.filter(Q(deregistered_on=None) | Q(deregistered_on__gt=on))


class Enterprise(models.Model):
    """A unit that insures people here; one-to-one on its party, which holds name and code."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="enterprise", primary_key=True)
    kind = models.CharField(max_length=24, choices=UnitKind.choices)
    # The county whose office is competent, six digits.
    region = models.CharField(max_length=6)
    # GB/T 4754-2017, two to four digits; empty where nobody knows it.
    industry = models.CharField(max_length=4, blank=True)
    is_labour_dispatch = models.BooleanField(default=False)
    registered_on = models.DateField(null=True, blank=True)
    deregistered_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=16, choices=Source.choices)
    # The file or interface that said it last, and the day it speaks of.
    document = models.CharField(max_length=120, blank=True)
    as_of = models.DateField()

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(
                name="enterprises_enterprise_kind", condition=Q(kind__in=list(UnitKind.values))
            ),
            models.CheckConstraint(
                name="enterprises_enterprise_region", condition=Q(region__regex=r"^[0-9]{6}$")
            ),
            models.CheckConstraint(
                name="enterprises_enterprise_industry",
                condition=Q(industry="") | Q(industry__regex=r"^[0-9]{2,4}$"),
            ),
            models.CheckConstraint(
                name="enterprises_enterprise_period",
                condition=Q(registered_on=None)
                | Q(deregistered_on=None)
                | Q(deregistered_on__gte=F("registered_on")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="enterprises_of_region", fields=["region", "party"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.party_id}"


class InsuredYear(models.Model):
    """What is known of one unit's insurance in one calendar year, the base of the next year's refund.

    Contributions (headcounts, paid months, arrears, base) and persons who drew benefit come from different
    places, so each has its own source. `new_recipients` is counted by ourselves or imported, never both.
    """

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="insured_years")
    year = models.PositiveSmallIntegerField()
    # Persons insured at the end of each month, January first; null for a month nobody reported.
    headcounts = ArrayField(models.IntegerField(null=True), size=MONTHS)
    paid_months = models.PositiveSmallIntegerField(null=True, blank=True)
    in_arrears = models.CharField(max_length=8, choices=Arrears.choices, default=Arrears.UNKNOWN)
    # Contributions of unit and staff for the fee periods of the year, without earlier arrears and late fees.
    base_fen = models.BigIntegerField(null=True, blank=True)
    source = models.CharField(max_length=16, choices=Source.choices, blank=True)
    document = models.CharField(max_length=120, blank=True)
    as_of = models.DateField(null=True, blank=True)
    # Persons who left this unit and drew their first month in the year.
    new_recipients = models.PositiveIntegerField(null=True, blank=True)
    recipients_source = models.CharField(max_length=16, choices=Source.choices, blank=True)
    recipients_document = models.CharField(max_length=120, blank=True)
    recipients_as_of = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="enterprises_insured_year_once", fields=["enterprise", "year"]),
            models.CheckConstraint(
                name="enterprises_insured_year_year", condition=Q(year__gte=1999) & Q(year__lte=2999)
            ),
            models.CheckConstraint(
                name="enterprises_insured_year_twelve_months", condition=Q(headcounts__len=MONTHS)
            ),
            models.CheckConstraint(
                name="enterprises_insured_year_headcounts",
                condition=RawSQL("0 <= ALL (headcounts)", [], output_field=models.BooleanField()),
            ),
            models.CheckConstraint(
                name="enterprises_insured_year_paid_months",
                condition=Q(paid_months=None) | Q(paid_months__lte=MONTHS),
            ),
            models.CheckConstraint(
                name="enterprises_insured_year_arrears", condition=Q(in_arrears__in=list(Arrears.values))
            ),
            models.CheckConstraint(
                name="enterprises_insured_year_base", condition=Q(base_fen=None) | Q(base_fen__gte=0)
            ),
            # Whoever says something says who they are and of which day they speak.
            models.CheckConstraint(
                name="enterprises_insured_year_sourced",
                condition=Q(source__in=IMPORTED, as_of__isnull=False)
                | Q(source="", as_of=None, paid_months=None, in_arrears="UNKNOWN", base_fen=None),
            ),
            models.CheckConstraint(
                name="enterprises_insured_year_recipients_sourced",
                condition=Q(
                    new_recipients__isnull=False,
                    recipients_source__in=(*IMPORTED, Source.OWN.value),
                    recipients_as_of__isnull=False,
                )
                | Q(new_recipients=None, recipients_source="", recipients_as_of=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.year}"


class SizeClassRecord(models.Model):
    """That a unit was found to be of a class, by what, and from which day. Records are added, never edited.

    RECORD_2020 is the class used for the 2020 relief of social fees; PROOF was shown by papers. A commitment
    is kept here too, but counts by its dispute only.
    """

    class Basis(models.TextChoices):
        """By what the class was found."""

        RECORD_2020 = "RECORD_2020", _("2020 年减免社保费时的划型")
        TABLE = "TABLE", _("按划型标准计算")
        COMMITMENT = "COMMITMENT", _("单位承诺")
        PROOF = "PROOF", _("材料核实")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="size_classes")
    size_class = models.CharField(max_length=8, choices=SizeClass.choices)
    basis = models.CharField(max_length=16, choices=Basis.choices)
    # The year whose end the measures speak of; null for the 2020 record.
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    revenue_wan = models.PositiveBigIntegerField(null=True, blank=True)
    assets_wan = models.PositiveBigIntegerField(null=True, blank=True)
    from_on = models.DateField()
    source = models.CharField(max_length=16, choices=Source.choices)
    document = models.CharField(max_length=120, blank=True)
    # The dispute that led to it, if one did.
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="size_classes"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="enterprises_size_class_2020_once",
                fields=["enterprise"],
                condition=Q(basis="RECORD_2020"),
            ),
            models.UniqueConstraint(
                name="enterprises_size_class_once",
                fields=["enterprise", "basis", "from_on", "case"],
                condition=~Q(basis="RECORD_2020"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="enterprises_size_class_known", condition=Q(size_class__in=list(SizeClass.values))
            ),
            models.CheckConstraint(
                name="enterprises_size_class_of_a_dispute",
                condition=~Q(basis="COMMITMENT") | Q(case__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.size_class} {self.basis}"


class Publication(models.Model):
    """One list as it was published once: which list, by which document, as of which day, how many names.

    That nobody is on a list is known only because it was read: without a publication it is unknown.
    """

    name = models.CharField(max_length=24, choices=LIST_CHOICES)
    document = models.CharField(max_length=120)
    published_on = models.DateField()
    sha256 = models.CharField(max_length=64)
    # Names in it, names that are units here, names that cannot be read (with line and reason).
    rows = models.PositiveIntegerField()
    known = models.PositiveIntegerField()
    faults = models.JSONField(default=list, blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="enterprises_publication_once", fields=["name", "published_on", "sha256"]
            ),
            models.CheckConstraint(name="enterprises_publication_named", condition=Q(name__in=LIST_NAMES)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.published_on}"


class Listing(models.Model):
    """That a unit stands on a list, from one day to another: it counts on every day but the last."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="listings")
    name = models.CharField(max_length=24, choices=LIST_CHOICES)
    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="listings")
    from_on = models.DateField()
    to_on = models.DateField(null=True, blank=True)
    # The publication in which it stood no longer.
    ended_by = models.ForeignKey(
        Publication, on_delete=models.PROTECT, null=True, blank=True, related_name="ended"
    )

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="enterprises_listing_one_open", fields=["enterprise", "name"], condition=Q(to_on=None)
            ),
            models.CheckConstraint(name="enterprises_listing_named", condition=Q(name__in=LIST_NAMES)),
            models.CheckConstraint(
                name="enterprises_listing_period", condition=Q(to_on=None) | Q(to_on__gte=F("from_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.name}"


class Hold(models.Model):
    """A unit's refund is kept back: findings of an inspection are open, or were not put right.

    It is open until it is lifted (the gate is passed) or failed; a failed one may be lifted later. It never
    touches what the unit's staff is owed.
    """

    class Ground(models.TextChoices):
        """Why."""

        RECTIFICATION = "RECTIFICATION", _("检查发现问题，整改没有完成")
        SUCCESSOR = "SUCCESSOR", _("承接了整改没有完成的单位")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="holds")
    ground = models.CharField(max_length=16, choices=Ground.choices)
    # The case that placed it: an inspection's, or the one of the unit succeeded.
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    failed_at = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lifted_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="enterprises_hold_one_open",
                fields=["enterprise", "ground", "case"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="enterprises_hold_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="enterprises_hold_lifted_whole",
                condition=Q(lifted_at=None, lifted_by=None, lifted_because="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lifted_because="")),
            ),
            models.CheckConstraint(
                name="enterprises_hold_in_order",
                condition=(Q(failed_at=None) | Q(failed_at__gte=F("placed_at")))
                & (Q(lifted_at=None) | Q(lifted_at__gte=F("placed_at"))),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="enterprises_hold_of", fields=["enterprise"]),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.ground}"


class SizeDispute(models.Model):
    """A unit objects to its class and signs for another one; one-to-one on its case (domain rule 2.8).

    `standing` says what its signature is worth: VALID until shown otherwise, nothing if an earlier commitment
    was not kept (BARRED), and nothing yet where it contradicts what is known.
    """

    class Standing(models.TextChoices):
        """What the commitment is worth."""

        VALID = "VALID", _("承诺有效")
        BARRED = "BARRED", _("以前的承诺不成立，不适用承诺")
        CONTRADICTED = "CONTRADICTED", _("和已知情况不符，不适用承诺")

    class Ground(models.TextChoices):
        """Why it ended."""

        PROVEN = "PROVEN", _("材料证明了主张")
        OTHERWISE = "OTHERWISE", _("核实的划型和承诺不同")
        NO_PAPERS = "NO_PAPERS", _("催交后仍没有材料")

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="size_dispute", primary_key=True)
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="size_disputes")
    submission_id = models.UUIDField(unique=True)
    # The refund it is about; the figures are those of the end of the year before.
    refund_year = models.PositiveSmallIntegerField()
    # The class on record when it was filed; empty where there was none.
    recorded_class = models.CharField(max_length=8, choices=SizeClass.choices, blank=True)
    claimed_class = models.CharField(max_length=8, choices=SizeClass.choices)
    industry = models.CharField(max_length=4)
    employees = models.PositiveIntegerField(null=True, blank=True)
    revenue_wan = models.PositiveBigIntegerField(null=True, blank=True)
    assets_wan = models.PositiveBigIntegerField(null=True, blank=True)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    standing = models.CharField(max_length=16, choices=Standing.choices)
    # What contradicts: a list of {"code", "given", "known"}, frozen at filing.
    contradictions = models.JSONField(default=list, blank=True)
    evidence_due = models.DateField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    # What a handler found in the papers, and what the rule makes of it; another officer signs.
    found_class = models.CharField(max_length=8, choices=SizeClass.choices, blank=True)
    found_employees = models.PositiveIntegerField(null=True, blank=True)
    found_revenue_wan = models.PositiveBigIntegerField(null=True, blank=True)
    found_assets_wan = models.PositiveBigIntegerField(null=True, blank=True)
    ground = models.CharField(max_length=12, choices=Ground.choices, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="enterprises_dispute_one_open", fields=["enterprise"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                name="enterprises_dispute_another_class",
                condition=Q(claimed_class__in=list(SizeClass.values)) & ~Q(claimed_class=F("recorded_class")),
            ),
            models.CheckConstraint(
                name="enterprises_dispute_papers_due",
                condition=Q(standing="VALID", evidence_due__isnull=False)
                | (~Q(standing="VALID") & Q(evidence_due=None, reminded_at=None)),
            ),
            models.CheckConstraint(
                name="enterprises_dispute_closed_for_a_reason",
                condition=Q(closed_at=None, ground="") | (Q(closed_at__isnull=False) & ~Q(ground="")),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="enterprises_dispute_of_year", fields=["refund_year", "enterprise"]),
            models.Index(
                name="enterprises_dispute_due", fields=["evidence_due"], condition=Q(closed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.claimed_class}"
