"""Tables of the payouts app: payees, obligations, batches, payments, the ledger, and what the bank said.

A payment has dates, no status: it is what its transfers and receipts say. Ledger rows, receipts, statement
lines, signatures and the sealed part of a batch cannot be changed; triggers (migration 0002) see to it.
Amounts are whole fen. No writes, no rules, no network in this module.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.privacy import EncryptedTextField
from cases.models import Case, Determination
from gateways.models import Lookup
from payouts import month_models  # noqa: F401 - Django finds an app's tables from here
from payouts.kinds import Act, Odd

Constraints = list[models.BaseConstraint]


class Account(models.TextChoices):
    """The accounts of the ledger; each region that pools its fund has one of each.

    OUTSIDE is where money comes from and goes to, and the only one that may be below zero.
    """

    FUND = "FUND", _("基金支出户")
    PAYABLE = "PAYABLE", _("应付")
    TRANSIT = "TRANSIT", _("在途")
    SUSPENSE = "SUSPENSE", _("待处理暂存款")
    TO_RECOVER = "TO_RECOVER", _("应追回")
    OUTSIDE = "OUTSIDE", _("户外")


class Move(models.TextChoices):
    """What a transfer stands for. Each has one direction only (`DIRECTIONS`)."""

    FUNDING = "FUNDING", _("拨入")
    OWED = "OWED", _("应付")
    SUBMITTED = "SUBMITTED", _("送银行")
    SETTLED = "SETTLED", _("到账")
    VOIDED = "VOIDED", _("未付")
    DEBITED = "DEBITED", _("对账单支出")
    RETURNED = "RETURNED", _("退回")
    REISSUED = "REISSUED", _("重发")
    PAID_AFTER_ALL = "PAID_AFTER", _("更正：已付")
    UNPAID_AFTER_ALL = "UNPAID_AFTER", _("更正：未付")
    WITHDRAWN = "WITHDRAWN", _("更正：冲回应付")
    STOPPED = "STOPPED", _("停发：冲回应付")


DIRECTIONS = {
    Move.FUNDING: (Account.OUTSIDE, Account.FUND),
    Move.OWED: (Account.FUND, Account.PAYABLE),
    Move.SUBMITTED: (Account.PAYABLE, Account.TRANSIT),
    Move.SETTLED: (Account.PAYABLE, Account.TRANSIT),
    Move.VOIDED: (Account.PAYABLE, Account.TRANSIT),
    Move.DEBITED: (Account.TRANSIT, Account.OUTSIDE),
    Move.RETURNED: (Account.OUTSIDE, Account.SUSPENSE),
    Move.REISSUED: (Account.SUSPENSE, Account.PAYABLE),
    Move.PAID_AFTER_ALL: (Account.PAYABLE, Account.TRANSIT),
    Move.UNPAID_AFTER_ALL: (Account.TRANSIT, Account.PAYABLE),
    Move.WITHDRAWN: (Account.PAYABLE, Account.FUND),
    Move.STOPPED: (Account.PAYABLE, Account.FUND),
}
"""Move -> (debit, credit): money leaves the debit account and reaches the credit account."""
ABOUT_OBLIGATIONS = (str(Move.OWED), str(Move.WITHDRAWN), str(Move.STOPPED))
"""Moves of what is owed; all others but FUNDING are about a payment."""


def pool_of(region: str) -> str:
    """The region that pools the fund for a county: its city. `130102` -> `130100`."""
    return region[:4] + "00"


class Payee(models.Model):
    """The account a party is paid to, from an instant until it is replaced. History is kept: it is
    evidence.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="payees")
    account = EncryptedTextField()
    account_digest = models.CharField(max_length=64)
    account_last4 = models.CharField(max_length=4)
    account_name = models.CharField(max_length=120)
    bank_code = models.CharField(max_length=12)
    bank_name = models.CharField(max_length=120)
    is_card = models.BooleanField(default=True)
    # Where to reach the person about money; empty if not given.
    contact = EncryptedTextField(blank=True, default="")
    lookup = models.ForeignKey(Lookup, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # True if another account was on record before: such a payee waits out one batch.
    replaces = models.BooleanField(default=False)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="payouts_payee_one_in_force", fields=["party"], condition=Q(valid_to=None)
            ),
            models.CheckConstraint(
                name="payouts_payee_period", condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from"))
            ),
        ]


class Obligation(models.Model):
    """The fund owes a party so many fen for one thing, once. It has no status: its payments tell."""

    key = models.CharField(max_length=80, unique=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="obligations")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="obligations")
    determination = models.ForeignKey(Determination, on_delete=models.PROTECT, related_name="obligations")
    program = models.CharField(max_length=40)
    item = models.CharField(max_length=24)
    # "YYYY-MM" for a monthly benefit, empty for a single payment.
    month = models.CharField(max_length=7, blank=True)
    region = models.CharField(max_length=6)
    pool = models.CharField(max_length=6)
    amount_fen = models.BigIntegerField()
    due_on = models.DateField()
    created_at = models.DateTimeField()
    # The obligation that two officers withdrew for this one; it is owed no more.
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="payouts_obligation_month_once",
                fields=["party", "item", "month"],
                condition=~Q(month="") & Q(replaces=None),
            ),
            models.CheckConstraint(name="payouts_obligation_amount", condition=Q(amount_fen__gt=0)),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="payouts_obligation_due", fields=["pool", "due_on"]),
        ]


class Receivable(models.Model):
    """Money that was paid, or is on its way, for something that was not owed: it has to come back.

    Recorded when it is found, never netted against what is owed, and no claim to any way of recovery. Its
    obligation is not paid again. Where the money then did not arrive, or came back, the obligation is
    stopped, and nothing has to come back any more (`standing_receivables`).
    """

    obligation = models.OneToOneField(
        Obligation, on_delete=models.PROTECT, related_name="receivable", primary_key=True
    )
    amount_fen = models.BigIntegerField()
    why = models.CharField(max_length=24)
    found_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(name="payouts_receivable_amount", condition=Q(amount_fen__gt=0)),
        ]


class PaymentHold(models.Model):
    """What a case is owed waits, although it is due, while something about it is looked into.

    Whoever holds it lifts it; a payment that lies in a sealed batch already goes its way.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="payment_holds")
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="payouts_paymenthold_one_in_force", fields=["case"], condition=Q(lifted_at=None)
            ),
            models.CheckConstraint(
                name="payouts_paymenthold_lifted_after",
                condition=Q(lifted_at=None) | Q(lifted_at__gte=F("since")),
            ),
        ]


class Batch(models.Model):
    """Obligations sent together. Everything but the three dates and the bank's words is fixed when it is
    sealed.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="batch", primary_key=True)
    region = models.CharField(max_length=6)
    count = models.PositiveIntegerField()
    total_fen = models.BigIntegerField()
    account_hash = models.CharField(max_length=18)
    sha256 = models.CharField(max_length=64)
    value_date = models.DateField()
    # Frozen at sealing: what was checked, with numbers; who is left out, by reason.
    checks = models.JSONField()
    left_out = models.JSONField()
    sealed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sealed_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    bank_code = models.CharField(max_length=12, blank=True)
    bank_reference = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(
                name="payouts_batch_not_empty", condition=Q(count__gt=0) & Q(total_fen__gt=0)
            ),
            models.CheckConstraint(
                name="payouts_batch_accepted_after_sent",
                condition=Q(accepted_at=None) | Q(submitted_at__isnull=False),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="payouts_batch_sealed", fields=["region", "sealed_at"]),
        ]

    @property
    def number(self) -> str:
        """The batch number, which is the case's and the bank's key for the file."""
        return self.case.number


class BatchFile(models.Model):
    """The bytes for the bank as text, encrypted: they hold names and accounts. Apart, so that lists never
    load it.
    """

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="file", primary_key=True)
    content = EncryptedTextField()


class Signature(models.Model):
    """One officer's signature under a sealed batch: 1 maker, 2 checker, 3 supervisor."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="signatures")
    level = models.PositiveSmallIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="payouts_signature_level_once", fields=["batch", "level"]),
            models.UniqueConstraint(name="payouts_signature_other_person", fields=["batch", "actor"]),
            models.CheckConstraint(
                name="payouts_signature_level", condition=Q(level__gte=1) & Q(level__lte=3)
            ),
        ]


class Payment(models.Model):
    """One attempt to pay an obligation. Only its three dates and the reason change, each once."""

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="payments")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="payments")
    payee = models.ForeignKey(Payee, on_delete=models.PROTECT, related_name="payments")
    sequence = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField()
    end_to_end_id = models.CharField(max_length=35, unique=True)
    amount_fen = models.BigIntegerField()
    settled_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    reason_code = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="payouts_payment_one_live",
                fields=["obligation"],
                condition=Q(failed_at=None) & Q(returned_at=None),
            ),
            models.UniqueConstraint(name="payouts_payment_attempt", fields=["obligation", "attempt"]),
            models.UniqueConstraint(name="payouts_payment_line", fields=["batch", "sequence"]),
            models.CheckConstraint(name="payouts_payment_amount", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="payouts_payment_one_outcome", condition=Q(settled_at=None) | Q(failed_at=None)
            ),
            models.CheckConstraint(
                name="payouts_payment_returned_was_paid",
                condition=Q(returned_at=None) | Q(settled_at__isnull=False),
            ),
        ]


class StatementLine(models.Model):
    """One line of the bank's account statement, kept as it came, once."""

    bank_serial = models.CharField(max_length=64, unique=True)
    day = models.DateField(db_index=True)
    booked_at = models.DateTimeField()
    direction = models.CharField(max_length=1)
    amount_fen = models.BigIntegerField()
    end_to_end_id = models.CharField(max_length=35, blank=True, db_index=True)
    reason_code = models.CharField(max_length=12, blank=True)
    batch_number = models.CharField(max_length=40, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(name="payouts_statement_direction", condition=Q(direction__in=["D", "C"])),
            models.CheckConstraint(name="payouts_statement_amount", condition=Q(amount_fen__gt=0)),
        ]


class Receipt(models.Model):
    """The bank's word on one payment, kept as it came, once. `conflicts`: it contradicts an earlier one."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="receipts")
    bank_serial = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=1)
    reason_code = models.CharField(max_length=12, blank=True)
    booked_at = models.DateTimeField()
    received_at = models.DateTimeField()
    conflicts = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(name="payouts_receipt_status", condition=Q(status__in=["S", "F"])),
            # Whatever the bank repeats under a new serial, one payment is paid once and unpaid once.
            models.UniqueConstraint(
                name="payouts_receipt_one_word", fields=["payment", "status"], condition=Q(conflicts=False)
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="payouts_receipt_conflict", fields=["payment"], condition=Q(conflicts=True)),
        ]


class Transfer(models.Model):
    """One row of the ledger and a whole double entry: `amount_fen` leaves `debit` and reaches `credit`.

    A pending row reserves; a row with `pending_of` posts (SETTLED) or voids (VOIDED) it, once. Never changed,
    never deleted: a mistake is put right by another row. The database keeps `Balance` in step (migration
    0002).
    """

    region = models.CharField(max_length=6)
    debit = models.CharField(max_length=12, choices=Account.choices)
    credit = models.CharField(max_length=12, choices=Account.choices)
    amount_fen = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Move.choices)
    obligation = models.ForeignKey(
        Obligation, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="transfers"
    )
    statement_line = models.OneToOneField(
        StatementLine, on_delete=models.PROTECT, null=True, blank=True, related_name="transfer"
    )
    pending = models.BooleanField(default=False)
    pending_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="outcome"
    )
    posted_on = models.DateField()
    at = models.DateTimeField()
    # The key of a funding, so that the same money is not booked twice; empty elsewhere.
    reference = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(name="payouts_transfer_amount", condition=Q(amount_fen__gt=0)),
            models.CheckConstraint(
                name="payouts_transfer_direction",
                condition=Q(
                    *(
                        Q(kind=str(kind), debit=str(debit), credit=str(credit))
                        for kind, (debit, credit) in DIRECTIONS.items()
                    ),
                    _connector=Q.OR,
                ),
            ),
            models.CheckConstraint(
                name="payouts_transfer_pending",
                condition=Q(kind=str(Move.SUBMITTED), pending=True, pending_of=None)
                | Q(kind__in=[str(Move.SETTLED), str(Move.VOIDED)], pending=False, pending_of__isnull=False)
                | (
                    ~Q(kind__in=[str(Move.SUBMITTED), str(Move.SETTLED), str(Move.VOIDED)])
                    & Q(pending=False, pending_of=None)
                ),
            ),
            models.CheckConstraint(
                name="payouts_transfer_about",
                condition=Q(kind=str(Move.FUNDING), obligation=None, payment=None)
                | Q(kind__in=ABOUT_OBLIGATIONS, obligation__isnull=False, payment=None)
                | (
                    ~Q(kind__in=[str(Move.FUNDING), *ABOUT_OBLIGATIONS])
                    & Q(obligation__isnull=False, payment__isnull=False)
                ),
            ),
            models.UniqueConstraint(
                name="payouts_transfer_owed_once", fields=["obligation"], condition=Q(kind=str(Move.OWED))
            ),
            models.UniqueConstraint(
                name="payouts_transfer_withdrawn_once",
                fields=["obligation"],
                condition=Q(kind=str(Move.WITHDRAWN)),
            ),
            models.UniqueConstraint(
                name="payouts_transfer_stopped_once",
                fields=["obligation"],
                condition=Q(kind=str(Move.STOPPED)),
            ),
            models.UniqueConstraint(
                name="payouts_transfer_payment_once",
                fields=["payment", "kind"],
                condition=Q(payment__isnull=False),
            ),
            models.UniqueConstraint(
                name="payouts_transfer_funding_once",
                fields=["region", "reference"],
                condition=~Q(reference=""),
            ),
        ]


class Balance(models.Model):
    """What an account holds: `posted_fen` for good, `pending_fen` reserved to leave. Written by a trigger
    only.
    """

    region = models.CharField(max_length=6)
    account = models.CharField(max_length=12, choices=Account.choices)
    posted_fen = models.BigIntegerField(default=0)
    pending_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(name="payouts_balance_once", fields=["region", "account"]),
            models.CheckConstraint(name="payouts_balance_pending", condition=Q(pending_fen__gte=0)),
            # Not one fen may be promised that is not there, whatever writes at the same time.
            models.CheckConstraint(
                name="payouts_balance_covered",
                condition=Q(account=str(Account.OUTSIDE)) | Q(posted_fen__gte=F("pending_fen")),
            ),
        ]


class Reconciliation(models.Model):
    """One comparison of a day's books with the bank's statement. Kept whatever it finds; the latest
    counts.
    """

    region = models.CharField(max_length=6)
    day = models.DateField()
    opening_fen = models.BigIntegerField()
    closing_fen = models.BigIntegerField()
    debit_count = models.PositiveIntegerField()
    debit_fen = models.BigIntegerField()
    credit_count = models.PositiveIntegerField()
    credit_fen = models.BigIntegerField()
    # Frozen findings: {"code", "end_to_end_id" or "batch", "given_fen", "expected_fen"}; no personal numbers.
    differences = models.JSONField()
    difference_count = models.PositiveIntegerField()
    agreed = models.BooleanField()
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.CheckConstraint(
                name="payouts_reconciliation_agreed",
                condition=Q(agreed=True, difference_count=0) | Q(agreed=False, difference_count__gt=0),
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="payouts_reconciliation_day", fields=["region", "day", "made_at"]),
        ]


class ReturnedPayment(models.Model):
    """An obligation whose money did not arrive or came back: one case for its life, about its latest
    payment.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="returned", primary_key=True)
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="returned")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=3)
    reason_code = models.CharField(max_length=12, blank=True)
    times = models.PositiveSmallIntegerField(default=1)
    # Since the person was last asked: how often reminded, and when next; null where nobody was asked yet.
    reminders = models.PositiveSmallIntegerField(default=0)
    remind_on = models.DateField(null=True, blank=True)
    returned_on = models.DateField()


class Contradiction(models.Model):
    """Two statements that cannot both be true: one case, until two officers have said which one stands.

    About a payment (`Odd.RECEIPT`, `Odd.STATEMENT`) or, `payment` null, about an obligation that the rule no
    longer gives. What was said stays in receipts, statement lines and determinations.
    """

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, related_name="contradiction", primary_key=True
    )
    odd = models.CharField(max_length=12, choices=Odd.choices)
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="contradictions")
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="contradictions"
    )
    found_at = models.DateTimeField()
    act = models.CharField(max_length=20, choices=Act.choices, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[Constraints] = [
            models.UniqueConstraint(
                name="payouts_contradiction_one_open",
                fields=["obligation", "payment"],
                condition=Q(resolved_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="payouts_contradiction_about",
                condition=Q(odd=str(Odd.RECHECK), payment=None)
                | (~Q(odd=str(Odd.RECHECK)) & Q(payment__isnull=False)),
            ),
            models.CheckConstraint(
                name="payouts_contradiction_resolved_whole",
                condition=Q(resolved_at=None, act="") | (Q(resolved_at__isnull=False) & ~Q(act="")),
            ),
        ]


def unresolved_receipts() -> models.QuerySet[Receipt]:
    """Receipts that contradict what stood and on which two officers have not decided yet."""
    decided = Contradiction.objects.filter(
        payment=OuterRef("payment"), resolved_at__gte=OuterRef("received_at")
    )
    return Receipt.objects.filter(~Exists(decided), conflicts=True)


def still_owed(obligations: models.QuerySet[Obligation]) -> models.QuerySet[Obligation]:
    """Those that were neither replaced nor stopped, and whose money has not to come back."""
    stopped = Transfer.objects.filter(obligation=OuterRef("pk"), kind=Move.STOPPED)
    return obligations.filter(~Exists(stopped), replaced_by=None, receivable=None)


def standing_receivables() -> models.QuerySet[Receivable]:
    """Those whose money still has to come back: their obligation was not booked back to the fund."""
    stopped = Transfer.objects.filter(obligation=OuterRef("obligation"), kind=Move.STOPPED)
    return Receivable.objects.filter(~Exists(stopped))
