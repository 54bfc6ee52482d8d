"""The bank: takes payment files, keeps its own book of the payer accounts, gives receipts and day statements.

The book (`bank_lines`) is written once and only added to; balances and statements are sums over it. It must
never ask the product anything, and never book twice: the batch number is the key of a file, the reference
that of a funding.
"""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sandbox import bank_file, lives, scenarios
from sandbox.registers import behave, fault_now, refuse_down
from sandbox.store import Store
from sandbox.unit_records import UnitRecords
from sandbox.units import RegisteredUnit, Units
from sandbox.wire import Answer, Json, Request, WireError, asked_at, china_day, json_answer, stamp, text_of
from sandbox.world import World

OPENING_FEN = 100_000_000_000
RETURNED_AFTER = timedelta(days=5)
REASONS: Mapping[str, str] = {
    "": "",
    "AC01": "账号不符或不存在",
    "AC04": "账户已销户或已换卡",
    "AC06": "账户未激活、睡眠或冻结",
    "BE01": "户名或证件号后四位不符",
    "MD07": "账户持有人已死亡",
    "MS03": "银行未说明原因",
    "TM01": "超过截止时间",
    "AM05": "端到端编号重复",
}
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,35}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Booking:
    """What the bank made of one row."""

    row: bank_file.Row
    person: int | None
    reason_code: str
    comes_back_with: str


class Bank:
    """The bank of one world. Every method is one request; the time of each is the asker's."""

    def __init__(self, store: Store, world: World, *, opening_fen: int = OPENING_FEN) -> None:
        self.store = store
        self.world = world
        self.opening_fen = opening_fen
        self.corporate = UnitRecords(Units(world))

    def _fault(self) -> scenarios.Fault:
        with self.store.reading() as connection:
            fault = fault_now(connection, scenarios.BANK)
        if fault.mode == scenarios.DOWN:
            refuse_down(scenarios.BANK)
        return fault

    # -- files ---------------------------------------------------------------------------------------------

    def submit(self, request: Request) -> Answer:
        """`POST /bank/files`: take the whole file or none of it; the same file again gets the same answer.

        Raises WireError: no batch number, the number with other content, bank down.
        """
        at = asked_at(request)
        number = request.headers.get("x-anye-batch", "")
        if _NUMBER.fullmatch(number) is None:
            raise WireError(400, "bad_request", "X-Anye-Batch must be 1 to 35 of A-Z, a-z, 0-9 and -.")
        digest = sha256(request.body).hexdigest()
        fault = self._fault()
        with self.store.writing() as connection:
            connection.execute(
                "UPDATE bank_files SET submissions = submissions + 1 WHERE batch_number = ?", (number,)
            )
            known = _file(connection, number)
            if known is None:
                self._take(connection, number, request, digest, at)
                known = _file(connection, number)
        if known is None or known["sha256"] != digest:
            raise WireError(409, "batch_differs", "This batch number was sent before with another content.")
        # The file is taken before a slow bank answers: that is what makes a time-out dangerous.
        answer = json_answer(_summary(known) | {"as_of": stamp(at)})
        return answer.after(fault.seconds) if fault.mode == scenarios.SLOW else answer

    def _take(
        self, connection: sqlite3.Connection, number: str, request: Request, digest: str, at: datetime
    ) -> None:
        code, message, content = "ACCP", "", None
        try:
            if request.headers.get("x-anye-content-sha256", digest) != digest:
                raise bank_file.FileRejected("XH02", "X-Anye-Content-SHA256 differs from the body")
            content = bank_file.parse(request.body, charset=_charset(request))
            if content.batch_number != number:
                raise bank_file.FileRejected("FF01", "line 1: the batch number is not that of X-Anye-Batch")
            bookings = self._decide(connection, content, at)
        except bank_file.FileRejected as rejected:
            code, message, bookings = rejected.code, rejected.message, []
        cursor = connection.execute(
            "INSERT INTO bank_files (batch_number, sha256, accepted, code, message, reference, "
            "payer_account, count,"
            " total_fen, received_at) VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?)",
            (
                number,
                digest,
                code == "ACCP",
                code,
                message,
                "" if content is None else content.payer_account,
                0 if content is None else len(content.rows),
                0 if content is None else content.total_fen,
                stamp(at),
            ),
        )
        if code == "ACCP" and content is not None:
            reference = f"SB-{china_day(at).replace('-', '')}-{cursor.lastrowid:06d}"
            connection.execute(
                "UPDATE bank_files SET reference = ? WHERE batch_number = ?", (reference, number)
            )
            _book(connection, content, bookings, at)

    def _decide(
        self, connection: sqlite3.Connection, content: bank_file.PaymentFile, at: datetime
    ) -> list[_Booking]:
        self._open_account(connection, content.payer_account, content.payer_name)
        bookings = [self._decide_row(connection, row, at) for row in content.rows]
        settling = sum(booking.row.amount_fen for booking in bookings if not booking.reason_code)
        if settling > _balance(connection, content.payer_account):
            raise bank_file.FileRejected("AM04", "the payer account does not cover the total")
        return bookings

    def _decide_row(self, connection: sqlite3.Connection, row: bank_file.Row, at: datetime) -> _Booking:
        used = connection.execute(
            "SELECT 1 FROM bank_rows WHERE end_to_end_id = ?", (row.end_to_end_id,)
        ).fetchone()
        if used is not None:
            return _Booking(row, None, "AM05", "")
        unit = self.corporate.holder(row.account)
        if unit is not None:
            return _Booking(row, None, self._judge_unit(row, unit), "")
        held = self.world.holder(row.account)
        if held is None:
            return _Booking(row, None, "AC01", "")
        ordinal, generation = held
        person = lives.person_on(connection, self.world, ordinal, lives.moment_day(at))
        cards = int(
            connection.execute("SELECT card FROM people WHERE ordinal = ?", (ordinal,)).fetchone()["card"]
        )
        status = person.card_status if cards == 0 else "ACTIVE"
        holder_name = person.account_name if cards == 0 else person.name
        reason = ""
        if person.died_on is not None and person.died_on.isoformat() <= china_day(at):
            reason = "MD07"
        elif generation != cards:
            reason = "AC04" if generation < cards else "AC01"
        elif status in ("CLOSED", "INACTIVE"):
            reason = "AC04" if status == "CLOSED" else "AC06"
        elif row.bank_code != person.bank_code:
            reason = "AC01"
        elif status == "NAME_DIFFERS" or row.name != holder_name or row.id_last4 != person.id_number[-4:]:
            reason = "BE01"
        comes_back = ""
        if not reason and person.scenario == "PAYMENT_RETURNED_LATER":
            paid_before = connection.execute(
                "SELECT 1 FROM bank_rows WHERE person = ? AND status = 'S'", (ordinal,)
            ).fetchone()
            comes_back = "" if paid_before else "AC06"
        return _Booking(row, ordinal, reason, comes_back)

    def _judge_unit(self, row: bank_file.Row, unit: RegisteredUnit) -> str:
        if unit.scenario == "ACCOUNT_CLOSED":
            return "AC04"
        if unit.scenario == "NO_ACCOUNT" or row.bank_code != self.corporate.bank_code(unit.index):
            return "AC01"
        fits = (row.name, row.id_last4) == (unit.unit.name, unit.unit.code[-4:])
        return "" if fits else "BE01"

    def _open_account(self, connection: sqlite3.Connection, account: str, name: str) -> None:
        connection.execute(
            "INSERT INTO bank_accounts VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (account, name, self.opening_fen),
        )
        row = connection.execute("SELECT name FROM bank_accounts WHERE account = ?", (account,)).fetchone()
        if row["name"] != name:
            raise bank_file.FileRejected("AC02", "the payer account is known under another name")

    def status(self, request: Request) -> Answer:
        """`GET /bank/files/<batch>`. Raises WireError: batch not known, bank down."""
        at = asked_at(request)
        fault = self._fault()
        self._let_come_back(at)
        with self.store.reading() as connection:
            known = _known_file(connection, request.parts["batch"])
            counts = connection.execute(
                "SELECT count(*) FILTER (WHERE booked_at <= :at AND status = 'S') AS settled,"
                " count(*) FILTER (WHERE booked_at <= :at AND status = 'F') AS failed,"
                " count(*) FILTER (WHERE booked_at > :at) AS pending,"
                " count(*) FILTER (WHERE returned_at <= :at) AS returned FROM bank_rows WHERE batch_number "
                "= :number",
                {"at": stamp(at), "number": known["batch_number"]},
            ).fetchone()
        state = "ACCEPTED" if known["accepted"] else "REJECTED"
        more: Json = {"state": state, "count": known["count"], "total_fen": known["total_fen"]}
        answer = json_answer(_summary(known) | more | dict(counts) | {"as_of": stamp(at)})
        return answer.after(fault.seconds) if fault.mode == scenarios.SLOW else answer

    # -- receipts ------------------------------------------------------------------------------------------

    def receipts(self, request: Request) -> Answer:
        """`GET /bank/files/<batch>/receipts`, JSON or `?format=text`. Raises WireError: batch not known, bank
        down.
        """
        at = asked_at(request)
        fault = self._fault()
        self._let_come_back(at)
        with self.store.reading() as connection:
            known = _known_file(connection, request.parts["batch"])
            rows = connection.execute(
                "SELECT * FROM bank_rows WHERE batch_number = ? ORDER BY seq", (known["batch_number"],)
            ).fetchall()
        now = stamp(at)
        receipts = sorted(
            [_receipt(row, now) for row in rows]
            + [_return_receipt(row) for row in rows if row["returned_at"] and row["returned_at"] <= now],
            key=lambda receipt: str(receipt["booked_at"] or "9"),
        )
        if fault.mode == scenarios.TWICE:
            receipts = [receipt for receipt in receipts for _ in range(2)]
        if request.query.get("format") == "text":
            answer = Answer(200, _as_text(receipts), "text/plain; charset=gb18030")
        else:
            answer = json_answer({"batch_number": known["batch_number"], "as_of": now, "receipts": receipts})
        return answer.after(fault.seconds) if fault.mode == scenarios.SLOW else answer

    def _let_come_back(self, at: datetime) -> None:
        """Book what comes back by the asker's time: what is due on its day, what was asked for at this
        moment.
        """
        now = stamp(at)
        due = (
            "SELECT * FROM bank_rows WHERE returned_at IS NULL AND return_reason <> '' AND booked_at <= :now"
            " AND (return_asked = 1 OR return_due_at <= :now) ORDER BY id"
        )
        with self.store.reading() as connection:
            if connection.execute(due, {"now": now}).fetchone() is None:
                return
        with self.store.writing() as connection:
            for row in connection.execute(due, {"now": now}).fetchall():
                when = now
                if row["return_due_at"] is not None:
                    when = min(now, str(row["return_due_at"]))
                serial = f"{china_day(datetime.fromisoformat(when)).replace('-', '')}R{row['id']:010d}"
                connection.execute(
                    "UPDATE bank_rows SET returned_at = ?, return_serial = ? WHERE id = ?",
                    (when, serial, row["id"]),
                )
                account = connection.execute(
                    "SELECT payer_account FROM bank_files WHERE batch_number = ?", (row["batch_number"],)
                ).fetchone()["payer_account"]
                connection.execute(
                    "INSERT INTO bank_lines VALUES (?, ?, ?, 'C', ?, ?, ?, ?, ?)",
                    (
                        serial,
                        account,
                        when,
                        row["amount_fen"],
                        row["end_to_end_id"],
                        row["return_reason"],
                        row["batch_number"],
                        f"退票 {row['purpose']}",
                    ),
                )

    def let_come_back(self, end_to_end_id: str, reason_code: str) -> Json:
        """Ask for a payment to come back at the next question. Raises WireError: not known, never settled, no
        reason.
        """
        if reason_code not in REASONS or not reason_code:
            raise WireError(
                400, "bad_request", f"reason_code must be one of {', '.join(filter(None, REASONS))}."
            )
        with self.store.writing() as connection:
            row = connection.execute(
                "SELECT id, returned_at, return_reason FROM bank_rows WHERE end_to_end_id = ? AND status = "
                "'S'",
                (end_to_end_id,),
            ).fetchone()
            if row is None:
                raise WireError(404, "not_found", "No settled payment has this end-to-end id.")
            if row["returned_at"] is None:
                connection.execute(
                    "UPDATE bank_rows SET return_asked = 1, return_reason = ? WHERE id = ?",
                    (row["return_reason"] or reason_code, row["id"]),
                )
        return {"end_to_end_id": end_to_end_id, "returned": row["returned_at"] is not None, "asked": 1}

    def let_all_come_back(self) -> Json:
        """Ask for every payment that is still to come back to do so at the next question."""
        with self.store.writing() as connection:
            cursor = connection.execute(
                "UPDATE bank_rows SET return_asked = 1 WHERE returned_at IS NULL AND return_due_at IS NOT "
                "NULL"
            )
        return {"asked": cursor.rowcount}

    # -- the book ------------------------------------------------------------------------------------------

    def statement(self, request: Request) -> Answer:
        """`GET /bank/statement?day=`. Raises WireError: no such day, bank down."""
        at = asked_at(request)
        day = request.query.get("day", "")
        try:
            following = date.fromisoformat(day) + timedelta(days=1)
        except (ValueError, OverflowError) as error:
            raise WireError(400, "bad_request", "day must be a date, YYYY-MM-DD.") from error
        fault = self._fault()
        self._let_come_back(at)
        account = request.query.get("account", "")
        # The bank's day runs in Asia/Shanghai, which has had no daylight saving since 1991.
        first = stamp(datetime.fromisoformat(f"{day}T00:00:00+08:00"))
        last = stamp(datetime.fromisoformat(f"{following.isoformat()}T00:00:00+08:00"))
        values = {"account": account, "first": first, "last": last, "now": stamp(at)}
        with self.store.reading() as connection:
            before = connection.execute(
                "SELECT (SELECT coalesce(sum(opening_fen), 0) FROM bank_accounts WHERE :account IN ('', "
                "account))"
                " + (SELECT coalesce(sum(CASE direction WHEN 'C' THEN amount_fen ELSE -amount_fen END), 0)"
                " FROM bank_lines WHERE :account IN ('', account) AND booked_at < :first AND booked_at <= "
                ":now) AS fen",
                values,
            ).fetchone()
            rows = connection.execute(
                "SELECT bank_serial, booked_at, direction, amount_fen, end_to_end_id, reason_code, "
                "batch_number,"
                " account AS payer_account, memo FROM bank_lines WHERE :account IN ('', account)"
                " AND booked_at >= :first AND booked_at < :last AND booked_at <= :now ORDER BY booked_at, "
                "bank_serial",
                values,
            ).fetchall()
        moved = sum(row["amount_fen"] * (1 if row["direction"] == "C" else -1) for row in rows)
        answer = json_answer(
            {
                "day": day,
                "account": account,
                "as_of": stamp(at),
                "opening_fen": before["fen"],
                "closing_fen": before["fen"] + moved,
                "lines": [dict(row) for row in rows],
            }
        )
        return answer.after(fault.seconds) if fault.mode == scenarios.SLOW else answer

    def fund(self, request: Request) -> Answer:
        """`POST /bank/funding`: money from the treasury. Raises WireError: ill-formed, reference with other
        content.
        """
        at = asked_at(request)
        reference = text_of(request.json, "reference", longest=64)
        account = text_of(request.json, "payer_account", longest=32)
        name = text_of(request.json, "payer_name", longest=60)
        amount = request.json.get("amount_fen")
        if type(amount) is not int or amount <= 0:
            raise WireError(400, "bad_request", "amount_fen must be a whole number above 0.")
        fault = self._fault()
        serial = f"{china_day(at).replace('-', '')}C{sha256(reference.encode()).hexdigest()[:16]}"
        with self.store.writing() as connection:
            try:
                self._open_account(connection, account, name)
            except bank_file.FileRejected as rejected:
                raise WireError(400, "bad_request", rejected.message) from rejected
            known = connection.execute(
                "SELECT * FROM bank_fundings WHERE reference = ?", (reference,)
            ).fetchone()
            if known is None:
                connection.execute(
                    "INSERT INTO bank_fundings VALUES (?, ?, ?, ?, ?)",
                    (reference, account, amount, serial, stamp(at)),
                )
                connection.execute(
                    "INSERT INTO bank_lines VALUES (?, ?, ?, 'C', ?, '', '', '', ?)",
                    (serial, account, stamp(at), amount, f"财政拨款 {reference}"),
                )
                known = connection.execute(
                    "SELECT * FROM bank_fundings WHERE reference = ?", (reference,)
                ).fetchone()
        if (known["account"], known["amount_fen"]) != (account, amount):
            raise WireError(409, "funding_differs", "This reference was sent with another account or amount.")
        return behave(
            json_answer(
                {
                    "reference": reference,
                    "bank_serial": known["bank_serial"],
                    "booked_at": known["booked_at"],
                    "as_of": stamp(at),
                }
            ),
            fault,
        )


def _charset(request: Request) -> str:
    _, _, after = request.headers.get("content-type", "").lower().partition("charset=")
    charset = after.split(";")[0].strip(" \"'") or "gb18030"
    if charset not in ("gb18030", "utf-8"):
        raise bank_file.FileRejected("FF01", "the charset must be gb18030 or utf-8")
    return charset


def _file(connection: sqlite3.Connection, number: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM bank_files WHERE batch_number = ?", (number,)
    ).fetchone()
    return row


def _known_file(connection: sqlite3.Connection, number: str) -> sqlite3.Row:
    known = _file(connection, number)
    if known is None:
        raise WireError(404, "batch_unknown", "The bank does not have this batch.")
    return known


def _summary(known: sqlite3.Row) -> Json:
    return {
        "batch_number": known["batch_number"],
        "accepted": bool(known["accepted"]),
        "code": known["code"],
        "message": known["message"],
        "reference": known["reference"],
        "received_at": known["received_at"],
    }


def _balance(connection: sqlite3.Connection, account: str) -> int:
    row = connection.execute(
        "SELECT (SELECT opening_fen FROM bank_accounts WHERE account = :account)"
        " + (SELECT coalesce(sum(CASE direction WHEN 'C' THEN amount_fen ELSE -amount_fen END), 0)"
        " FROM bank_lines WHERE account = :account) AS fen",
        {"account": account},
    ).fetchone()
    return int(row["fen"])


def _book(
    connection: sqlite3.Connection, content: bank_file.PaymentFile, bookings: list[_Booking], at: datetime
) -> None:
    """Write the rows, and for each that settles the line that takes it from the payer account."""
    day, now = china_day(at).replace("-", ""), stamp(at)
    first = int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM bank_rows").fetchone()[0])
    numbered = list(enumerate(bookings, start=first))
    connection.executemany(
        "INSERT INTO bank_rows (id, batch_number, seq, end_to_end_id, account, name, amount_fen, purpose, "
        "case_number,"
        " person, status, reason_code, bank_serial, booked_at, return_reason, return_due_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number,
                content.batch_number,
                booking.row.seq,
                booking.row.end_to_end_id,
                booking.row.account,
                booking.row.name,
                booking.row.amount_fen,
                booking.row.purpose,
                booking.row.case_number,
                booking.person,
                "F" if booking.reason_code else "S",
                booking.reason_code,
                f"{day}B{number:010d}",
                now,
                booking.comes_back_with,
                stamp(at + RETURNED_AFTER) if booking.comes_back_with else None,
            )
            for number, booking in numbered
        ],
    )
    connection.executemany(
        "INSERT INTO bank_lines VALUES (?, ?, ?, 'D', ?, ?, '', ?, ?)",
        [
            (
                f"{day}B{number:010d}",
                content.payer_account,
                now,
                booking.row.amount_fen,
                booking.row.end_to_end_id,
                content.batch_number,
                booking.row.purpose,
            )
            for number, booking in numbered
            if not booking.reason_code
        ],
    )


def _receipt(row: sqlite3.Row, now: str) -> Json:
    decided = row["booked_at"] <= now
    return {
        "seq": row["seq"],
        "end_to_end_id": row["end_to_end_id"],
        "status": row["status"] if decided else "P",
        "reason_code": row["reason_code"] if decided else "",
        "reason_text": REASONS[row["reason_code"]] if decided else "",
        "bank_serial": row["bank_serial"] if decided else "",
        "booked_at": row["booked_at"] if decided else None,
        "amount_fen": row["amount_fen"],
    }


def _return_receipt(row: sqlite3.Row) -> Json:
    return {
        "seq": row["seq"],
        "end_to_end_id": row["end_to_end_id"],
        "status": "F",
        "reason_code": row["return_reason"],
        "reason_text": REASONS[row["return_reason"]],
        "bank_serial": row["return_serial"],
        "booked_at": row["returned_at"],
        "amount_fen": row["amount_fen"],
    }


def _as_text(receipts: list[Json]) -> bytes:
    lines = [
        "|".join(
            str(receipt[name] or "")
            for name in (
                "seq",
                "end_to_end_id",
                "status",
                "reason_code",
                "reason_text",
                "bank_serial",
                "booked_at",
            )
        )
        for receipt in receipts
    ]
    return "".join(f"R|{line}\r\n" for line in lines).encode("gb18030")
