"""Tables of cases: the case itself, its chained trail, determinations, proposals, messages and daily seals.

No writes, rules or network here. What is history (events, determinations, amendments, seals, parameter sets)
is append-only: triggers of the migrations refuse to change or delete it, whoever asks.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.privacy import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from cases import intake_models  # noqa: F401 - Django finds an app's tables from here
from cases.kinds import WaitsFor

# Sorts cases without a promise behind all that have one; no real deadline reaches it.
NO_DEADLINE = date(9999, 12, 31)

# Letters and digits that nobody mistakes for one another on paper.
CODE_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

OPEN = Q(closed_at__isnull=True)
POOL = OPEN & Q(handler__isnull=True)


class Checks(models.TextChoices):
    """What the latest determination's checks say together: the worst of them."""

    NONE = "", _("尚未核验")
    PASS = "PASS", _("全部符合")
    OPEN = "OPEN", _("有待核实")
    FAIL = "FAIL", _("有不符合")


class Status(models.Model):
    """One status of one kind, and whom it waits for; rows come with migrations of the kind's own app."""

    kind = models.CharField(max_length=24)
    status = models.CharField(max_length=32)
    waits_for = models.CharField(max_length=12, choices=[(member.value, member.value) for member in WaitsFor])

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="cases_status_once", fields=["kind", "status", "waits_for"])
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.status} {self.waits_for}"


class Serial(models.Model):
    """The last serial given out for a prefix on a legal day; its row lock makes case numbers unique."""

    prefix = models.CharField(max_length=4)
    day = models.DateField()
    last = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="cases_serial_of_the_day", fields=["prefix", "day"])
        ]

    def __str__(self) -> str:
        return f"{self.prefix}{self.day:%Y%m%d}-{self.last:04d}"


class CaseQuerySet(models.QuerySet["Case"]):
    """Filters on cases."""

    def open(self) -> CaseQuerySet:
        """Cases somebody or something still waits for."""
        return self.filter(OPEN)


class Case(models.Model):
    """One matter with a number, a status, deadlines and a handler. Its kind's own row shares its primary key.

    `status` and `waits_for` are changed by `cases.services` alone; a composite foreign key to `cases_status`
    refuses a pair that no kind declared. `determination` is the latest one; `checks` repeats its result for
    the queue.
    """

    number = models.CharField(max_length=24, unique=True)
    kind = models.CharField(max_length=24)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="cases")
    region = models.CharField(max_length=6)
    status = models.CharField(max_length=32)
    waits_for = models.CharField(max_length=12)
    promise_due = models.DateField(null=True, blank=True)
    statutory_due = models.DateField(null=True, blank=True)
    # The working days that each date counts, pauses apart: a provisional date is computed again from them.
    promise_days = models.PositiveSmallIntegerField(null=True, blank=True)
    statutory_days = models.PositiveSmallIntegerField(null=True, blank=True)
    due_provisional = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True, blank=True)
    # No index of its own: `cases_case_mine` begins with it.
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    hold_until = models.DateField(null=True, blank=True)
    opened_at = models.DateTimeField()
    # A case taken up again after its end: both clocks run from here.
    reopened_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    # Never looked up from this side: the determination knows its case.
    determination = models.ForeignKey(
        "cases.Determination",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    checks = models.CharField(max_length=4, choices=Checks.choices, blank=True, default=Checks.NONE)
    queue_on = models.GeneratedField(
        expression=Coalesce(F("promise_due"), Value(NO_DEADLINE)),
        output_field=models.DateField(),
        db_persist=True,
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="cases_case_closed_when_nobody_waits",
                condition=Q(
                    closed_at__isnull=True,
                    waits_for__in=[w.value for w in WaitsFor if w is not WaitsFor.NOBODY],
                )
                | Q(closed_at__isnull=False, waits_for=WaitsFor.NOBODY.value),
            ),
            # Only the applicant's own delay stops a clock.
            models.CheckConstraint(
                name="cases_case_paused_for_the_applicant_only",
                condition=Q(paused_at__isnull=True) | Q(waits_for=WaitsFor.APPLICANT.value),
            ),
            models.CheckConstraint(
                name="cases_case_due_counts_days",
                condition=Q(promise_due__isnull=True, promise_days__isnull=True)
                | Q(promise_due__isnull=False, promise_days__isnull=False, promise_days__gte=1),
            ),
            models.CheckConstraint(
                name="cases_case_law_counts_days",
                condition=Q(statutory_due__isnull=True, statutory_days__isnull=True)
                | Q(statutory_due__isnull=False, statutory_days__isnull=False, statutory_days__gte=1),
            ),
            models.CheckConstraint(name="cases_case_region", condition=Q(region__regex=r"^[0-9]{6}$")),
            models.CheckConstraint(name="cases_case_checks", condition=Q(checks__in=Checks.values)),
        ]
        # Each list and count of the queue walks one of these in its own order and stops at its limit, so that
        # its cost does not grow with the table. The included columns keep the counts inside the index.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="cases_case_age", fields=["kind", "status", "changed_at"], condition=OPEN),
            models.Index(
                name="cases_case_pool",
                fields=["waits_for", "queue_on", "id"],
                condition=POOL,
                include=["region", "kind"],
            ),
            models.Index(
                name="cases_case_pool_region",
                fields=["region", "waits_for", "queue_on", "id"],
                condition=POOL,
                include=["kind"],
            ),
            models.Index(
                name="cases_case_mine",
                fields=["handler", "waits_for", "queue_on", "id"],
                condition=OPEN,
                include=["region", "kind"],
            ),
            models.Index(
                name="cases_case_open", fields=["queue_on", "id"], condition=OPEN, include=["region", "kind"]
            ),
            models.Index(
                name="cases_case_open_region",
                fields=["region", "queue_on", "id"],
                condition=OPEN,
                include=["kind"],
            ),
            models.Index(
                name="cases_case_kind",
                fields=["kind", "queue_on", "id"],
                condition=OPEN,
                include=["region", "waits_for"],
            ),
            # Cases put aside for another office, by the day on which they come back.
            models.Index(
                name="cases_case_held", fields=["hold_until"], condition=Q(hold_until__isnull=False)
            ),
            # The few that wait for a year's calendar.
            models.Index(name="cases_case_provisional", fields=["id"], condition=Q(due_provisional=True)),
            # Sweeps of workers, and age alarms.
            models.Index(name="cases_case_sweep", fields=["kind", "status", "changed_at"], condition=OPEN),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def clocks_from(self) -> datetime:
        """When both clocks began: at the opening, or when the case was taken up again."""
        return self.reopened_at or self.opened_at


class Event(models.Model):
    """One act on a case. A trigger gives it its sequence and chains its hash to the event before it.

    `payload` holds ids and codes, never prose and never a personal number. The text that is hashed is
    described at `cases.trail.event_text`.
    """

    # No index of its own: the constraint below begins with it.
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events", db_index=False)
    # The database fills these three and hands them back.
    sequence = models.PositiveIntegerField(db_default=0)
    previous_hash = models.CharField(max_length=64, db_default="")
    hash = models.CharField(max_length=64, db_default="")
    verb = models.CharField(max_length=48)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    payload = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="cases_event_in_order", fields=["case", "sequence"])
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="cases_event_actor", fields=["actor", "at"])
        ]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.sequence} {self.verb}"


class Seal(models.Model):
    """The seal of a day: what was written to the trail and the access log since the seal before, as one hash.

    It covers the events with ids after the previous seal's `last_event` up to its own, and the access rows
    alike.
    """

    day = models.DateField(unique=True)
    last_event = models.BigIntegerField()
    head_count = models.PositiveIntegerField()
    heads_hash = models.CharField(max_length=64)
    last_access = models.BigIntegerField()
    access_count = models.PositiveIntegerField()
    access_hash = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day} {self.hash[:12]}"


class ParameterSet(models.Model):
    """The numbers of law a determination was made with, kept once for all that share them."""

    digest = models.CharField(max_length=64, primary_key=True)
    snapshot = models.JSONField()

    def __str__(self) -> str:
        return self.digest[:12]


class Determination(models.Model):
    """A decision of a rule, stored with the facts, their sources, the parameters and the rule's version.

    `content_hash` stands in the case's trail, so that a later change of this row shows.
    """

    class Verdict(models.TextChoices):
        """What the rule proposes; named as in `law.decision`."""

        GRANT = "GRANT", _("符合条件")
        REFUSE = "REFUSE", _("不符合条件")
        REVIEW = "REVIEW", _("需要人工判断")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="determinations")
    program = models.CharField(max_length=40)
    rule_version = models.CharField(max_length=20)
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    facts = models.JSONField()
    sources = models.JSONField()
    parameter_set = models.ForeignKey(
        ParameterSet, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    decision = models.JSONField()
    pass_count = models.PositiveSmallIntegerField()
    fail_count = models.PositiveSmallIntegerField()
    unknown_count = models.PositiveSmallIntegerField()
    amount_fen = models.BigIntegerField(null=True, blank=True)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    content_hash = models.CharField(max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="cases_determination_verdict", condition=Q(verdict__in=["GRANT", "REFUSE", "REVIEW"])
            ),
            models.CheckConstraint(
                name="cases_determination_amount", condition=Q(amount_fen__isnull=True) | Q(amount_fen__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.program} {self.verdict}"


class Attachment(models.Model):
    """A file that belongs to a case: a paper of the applicant's, or the evidence of an officer.

    Append-only. `kind` is what the content says it is, never what its name says; `sha256` is over the plain
    content. `content` is read by nothing but the download.
    """

    class Kind(models.TextChoices):
        """What may be attached, by the type browsers know it by."""

        PDF = "application/pdf", _("PDF 文件")
        JPEG = "image/jpeg", _("JPEG 图片")
        PNG = "image/png", _("PNG 图片")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = EncryptedBinaryField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="cases_attachment_size", condition=Q(size__gt=0)),
            models.CheckConstraint(
                name="cases_attachment_kind",
                condition=Q(kind__in=["application/pdf", "image/jpeg", "image/png"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.sha256[:12]}"


class Amendment(models.Model):
    """A fact an officer settled: to what, on what evidence and why. The latest one of a field counts."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="amendments")
    field = models.CharField(max_length=64)
    value = models.JSONField()
    source = models.CharField(max_length=64)
    reason = models.TextField()
    attachments = models.ManyToManyField(Attachment, related_name="amendments", blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="cases_amendment_reasoned", condition=~Q(reason="") & ~Q(source=""))
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.field}"


class Hold(models.Model):
    """Why an officer put a case aside, and until when: another office must answer first. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="holds")
    until = models.DateField()
    reason = models.TextField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(name="cases_hold_reasoned", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.until}"


class Proposal(models.Model):
    """An act one officer proposes and another decides: once, and never changed, says a trigger."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="proposals")
    act = models.CharField(max_length=32)
    reason = models.TextField(blank=True)
    determination = models.ForeignKey(
        Determination, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    agreed = models.BooleanField(null=True, blank=True)
    remark = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="cases_proposal_one_open", fields=["case"], condition=Q(decided_at__isnull=True)
            ),
            models.CheckConstraint(
                name="cases_proposal_four_eyes",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="cases_proposal_decided_whole",
                condition=Q(decided_by__isnull=True, decided_at__isnull=True, agreed__isnull=True)
                | Q(decided_by__isnull=False, decided_at__isnull=False, agreed__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.act}"


class Message(models.Model):
    """One message to a party. Its words are made from `template` and `numbers` when it is read or sent.

    `numbers` never hold a personal number; the address for a text message is encrypted and may be empty
    (inbox only).
    """

    class Channel(models.TextChoices):
        """How it reaches the party; every message also stands in the inbox."""

        INBOX = "INBOX", _("站内消息")
        SMS = "SMS", _("短信")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="messages")
    template = models.CharField(max_length=48)
    numbers = models.JSONField(default=dict)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    mobile = EncryptedTextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    provider_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                name="cases_message_sent_or_failed",
                condition=Q(sent_at__isnull=True) | Q(failed_at__isnull=True),
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                name="cases_message_to_send",
                fields=["id"],
                condition=Q(channel="SMS", sent_at__isnull=True, failed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.created_at:%Y-%m-%d}"


class Letter(models.Model):
    """A letter as it was issued: every word of it, frozen. Append-only.

    `words` are those of `cases.letters.Words`; page and PDF are made from this row and nothing else.
    `content_hash` stands in the case's trail. `issued_by` is the machine, or the officer whose signature made
    it final; who signed before is in the words.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="letters", db_index=False)
    template = models.CharField(max_length=48)
    number = models.CharField(max_length=48, unique=True)
    words = EncryptedJSONField()
    content_hash = models.CharField(max_length=64)
    determination = models.ForeignKey(
        Determination, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    issued_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.number

    @property
    def code(self) -> str:
        """The twelve characters printed on it, from its hash: a copy that shows others is none of it."""
        bits = int(self.content_hash[:15], 16)
        signs = "".join(CODE_SIGNS[bits >> shift & 31] for shift in range(55, -1, -5))
        return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


class LetterFile(models.Model):
    """The PDF of a letter, made when it was first opened and the same ever since. Append-only."""

    letter = models.OneToOneField(Letter, on_delete=models.PROTECT, related_name="file", primary_key=True)
    content = EncryptedBinaryField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.letter_id} {self.sha256[:12]}"


class Job(models.Model):
    """Long work that somebody started from a page. `parameters` may hold a name that was searched for."""

    class Kind(models.TextChoices):
        """What is to be done."""

        QUEUE_CSV = "QUEUE_CSV", _("导出待办（CSV）")
        QUEUE_XLSX = "QUEUE_XLSX", _("导出待办（Excel）")
        FIGURES_CSV = "FIGURES_CSV", _("导出看板数字（CSV）")
        FIGURES_XLSX = "FIGURES_XLSX", _("导出看板数字（Excel）")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    asked_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    parameters = EncryptedJSONField()
    parameters_digest = models.CharField(max_length=64)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    # Where the next part begins.
    position = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # The code of what stopped it.
    problem = models.CharField(max_length=40, blank=True)
    content = EncryptedBinaryField(null=True, blank=True)  # type: ignore[misc]  # null once it is forgotten
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="cases_job_once",
                fields=["asked_by", "kind", "parameters_digest"],
                condition=Q(finished_at=None),
            ),
            models.CheckConstraint(name="cases_job_no_more_than_all", condition=Q(done__lte=F("total"))),
        ]


class JobPart(models.Model):
    """A piece of a job's result, kept until the whole is put together."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="parts")
    begins = models.CharField(max_length=40, blank=True)
    content = EncryptedJSONField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="cases_jobpart_once", fields=["job", "begins"])
        ]
