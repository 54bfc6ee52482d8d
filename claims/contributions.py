"""Takes contribution histories from the core system's sheet: staged as they are read, settled as one set.

A row says what was paid for one person's month at one unit; a month that is still owed is no contribution.
The first row of a person, month and unit counts: a second one in the same file, and one that says otherwise
than what stands, are listed and not taken. A number of a person reaches the database encrypted and as a
digest, and in no other form.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import compress

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.privacy import context_of, provider
from accounts.selectors import identifier_digest
from cases.cells import choice, citizen_id, day, fen, month, uscc, words
from cases.copying import NULL, copy_columns
from cases.intake import Settled
from cases.intake_models import Intake
from cases.sheets import KNOWN_TEXTS, Column, Fault, Layout, Part
from claims.contribution_models import Contribution, InsuredPerson
from law import identifiers
from law.months import month_of

EARLIEST = "1980-01"
"""A month before this is a slip of the keyboard: there was no unemployment insurance."""

REASONS: Mapping[str, str | Promise] = {
    "contribution.twice": _("同一个人、同一个月、同一个单位，前面已有一行；只记第一行"),
    "contribution.differs": _("以前导入过这个人这个月，内容和这一行不同；没有改动，请先核实"),
    "contribution.paid_before": _("到账日期早于费款所属期"),
}

KINDS: Mapping[str, str] = {
    "正常": Contribution.Kind.REGULAR.value,
    "正常缴费": Contribution.Kind.REGULAR.value,
    "补缴": Contribution.Kind.ARREARS.value,
    "补收": Contribution.Kind.ARREARS.value,
}
STAGED = ("line", "person", "month", "unit", "kind", "base_fen", "unit_fen", "own_fen", "paid_on")

_STAGE = """
    DROP TABLE IF EXISTS pg_temp.staged_contribution, pg_temp.staged_person;
    CREATE TEMPORARY TABLE staged_contribution (line integer, person integer, month text, unit text,
        kind text, base_fen bigint, unit_fen bigint, own_fen bigint, paid_on date);
    CREATE TEMPORARY TABLE staged_person (ordinal integer, digest text, number text, masked text);
"""
_PEOPLE = """
    INSERT INTO claims_insuredperson (digest, number, masked)
    SELECT digest, number, masked FROM staged_person WHERE number IS NOT NULL
    ON CONFLICT (digest) DO NOTHING
"""
_GIVEN = """
    SELECT given.line, known.id AS person_id, given.month, given.unit, given.kind, given.base_fen,
        given.unit_fen, given.own_fen, given.paid_on
    FROM staged_contribution given
    JOIN staged_person ON ordinal = person
    JOIN claims_insuredperson known USING (digest)
"""
_ADD = f"""
    INSERT INTO claims_contribution
        (person_id, month, unit, kind, base_fen, unit_fen, own_fen, paid_on, intake_id, line)
    SELECT person_id, month, unit, kind, base_fen, unit_fen, own_fen, paid_on, %s, line
    FROM ({_GIVEN}) given ORDER BY line
    ON CONFLICT (person_id, month, unit) DO NOTHING
"""  # noqa: S608 - our own text
# Those that stand already: the first of a file is compared with what stands, a further one is one too many.
_STANDING = f"""
    SELECT given.line, given.month, nth > 1 AS again,
        (given.kind, given.base_fen, given.unit_fen, given.own_fen, given.paid_on)
            IS NOT DISTINCT FROM (held.kind, held.base_fen, held.unit_fen, held.own_fen, held.paid_on) AS same
    FROM (
        SELECT *, row_number() OVER (PARTITION BY person_id, month, unit ORDER BY line) AS nth
        FROM ({_GIVEN}) everything
    ) given
    JOIN claims_contribution held USING (person_id, month, unit)
    WHERE held.intake_id <> %s OR held.line <> given.line
"""  # noqa: S608 - our own text


def layout(today: date) -> Layout:
    """The columns of a contribution history. What is said of a person's name is not needed and not kept."""
    until, since = month_of(today), date(int(EARLIEST[:4]), 1, 1)
    number = ("证件号码", "身份证号", "公民身份号码", "id_number")
    return Layout(
        [
            Column("person", number, citizen_id, is_personal=True),
            Column("name", ("姓名",), words, default="", required=False, kept=False),
            Column("unit", ("单位统一社会信用代码", "统一社会信用代码", "uscc"), uscc),
            Column("month", ("费款所属期", "缴费年月", "所属期"), month(until=until, since=EARLIEST)),
            Column("base_fen", ("缴费基数", "base"), fen),
            Column("unit_fen", ("单位缴费", "单位缴费金额", "unit_amount"), fen),
            Column("own_fen", ("个人缴费", "个人缴费金额", "own_amount"), fen),
            Column("paid_on", ("到账日期", "paid_date"), day(until=today, since=since)),
            Column("kind", ("缴费类型",), choice(KINDS), default="REGULAR", required=False),
        ]
    )


class ContributionTaker:
    """One reading of a contribution history."""

    def __init__(self, today: date) -> None:
        self.layout = layout(today)
        self._people: dict[str, int] = {}
        self._staged_people = self._staged = 0
        with connection.cursor() as cursor:
            cursor.execute(_STAGE)

    def take(self, part: Part) -> Sequence[Fault]:
        """Stage the rows; what was paid before its month began cannot be."""
        columns = {**part.columns, "line": [str(line) for line in part.lines]}
        early = [paid < month for paid, month in zip(columns["paid_on"], columns["month"], strict=True)]
        faults: list[Fault] = []
        if any(early):
            faults = [
                Fault(line, "paid_on", "contribution.paid_before", paid)
                for line, paid in compress(zip(part.lines, columns["paid_on"], strict=True), early)
            ]
            right = [not one for one in early]
            columns = {name: list(compress(cells, right)) for name, cells in columns.items()}
        numbers = columns["person"]
        self._stage_people(numbers)
        columns["person"] = [str(self._people[number]) for number in numbers]
        copy_columns("staged_contribution", STAGED, [columns[name] for name in STAGED])
        self._staged += len(numbers)
        return faults

    def _stage_people(self, numbers: Sequence[str]) -> None:
        """Give each person a number of the staging; encrypt those only whom the database does not know."""
        if len(self._people) > KNOWN_TEXTS:
            self._people.clear()
        new = [number for number in dict.fromkeys(numbers) if number not in self._people]
        if not new:
            return
        digests = [identifier_digest(kind=identifiers.CITIZEN_ID, number=number) for number in new]
        known = set(InsuredPerson.objects.filter(digest__in=digests).values_list("digest", flat=True))
        context = context_of(InsuredPerson._meta.get_field("number"))
        encrypt = provider().encrypt
        ordinals = range(self._staged_people, self._staged_people + len(new))
        self._people.update(zip(new, ordinals, strict=True))
        self._staged_people += len(new)
        copy_columns(
            "staged_person",
            ("ordinal", "digest", "number", "masked"),
            (
                map(str, ordinals),
                digests,
                (
                    NULL if digest in known else encrypt(number, context=context)
                    for digest, number in zip(digests, new, strict=True)
                ),
                (identifiers.mask(identifiers.CITIZEN_ID, number) for number in new),
            ),
        )

    def settle(self, intake: Intake, *, is_final: bool, now: datetime) -> Settled:
        """Add what is new; list what stands already in other words, or twice in the file."""
        settled = Settled()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL work_mem = '128MB'")
            cursor.execute("ANALYZE staged_contribution, staged_person")
            cursor.execute(_PEOPLE)
            cursor.execute(_ADD, [intake.pk])
            settled.added = cursor.rowcount
            if settled.added < self._staged:
                cursor.execute(f"CREATE TEMPORARY TABLE standing ON COMMIT DROP AS {_STANDING}", [intake.pk])
                cursor.execute("SELECT count(*) FROM standing WHERE same AND NOT again")
                (settled.unchanged,) = cursor.fetchone()
                cursor.execute(
                    "SELECT line, month, again FROM standing WHERE again OR NOT same ORDER BY line"
                )
                settled.faults = [
                    Fault(line, "month", "contribution.twice" if again else "contribution.differs", month)
                    for line, month, again in cursor.fetchall()
                ]
                cursor.execute("DROP TABLE standing")
            cursor.execute("DROP TABLE staged_contribution, staged_person")
        return settled
