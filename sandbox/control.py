"""What only a sandbox has: the list of people, faults on demand, new cards, a look at what happened.

None of it is signed and none is part of an office's format; it listens where the sandbox listens. It must
never be called by the product itself, only by the programs that play a story with it.
"""

from collections.abc import Mapping
from threading import Lock

from sandbox import scenarios
from sandbox.store import Store
from sandbox.wire import Json, WireError, text_of, whole_number
from sandbox.world import CITIZEN_ID, FREE, SEED, Person, World


class Counter:
    """How many requests each source has had since the sandbox started."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, int] = {}

    def add(self, source: str) -> None:
        """One more."""
        with self._lock:
            self._counts[source] = self._counts.get(source, 0) + 1

    def counts(self) -> dict[str, int]:
        """As of now."""
        with self._lock:
            return dict(self._counts)


def people(store: Store, world: World, query: Mapping[str, str]) -> list[Json]:
    """`GET /people`: by ordinal. Raises WireError: unknown scenario or pool, number out of range."""
    scenario, pool = query.get("scenario", ""), query.get("pool", "")
    available = query.get("available", "") == "1"
    if scenario and scenario not in scenarios.SCENARIOS:
        raise WireError(400, "bad_request", f"There is no scenario {scenario[:40]!r}.")
    if pool not in ("", FREE, SEED):
        raise WireError(400, "bad_request", f"pool must be {FREE} or {SEED}.")
    if available and pool == SEED:
        raise WireError(400, "bad_request", "Nobody of the pool seed is free to apply.")
    limit = whole_number(query, "limit", default=20, least=1, most=1000)
    after = whole_number(query, "after", default=0, least=0, most=10**9)
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT ordinal, claimed FROM people WHERE ordinal > :after AND :scenario IN ('', scenario)"
            " AND :pool IN ('', pool) AND (:available = 0 OR (pool = 'free' AND claimed = 0))"
            " ORDER BY ordinal LIMIT :limit",
            {"after": after, "scenario": scenario, "pool": pool, "available": available, "limit": limit},
        ).fetchall()
    return [described(world.person(row["ordinal"]), claimed=bool(row["claimed"])) for row in rows]


def found(store: Store, world: World, text: str, *, limit: int) -> list[tuple[Person, bool]]:
    """People whose name or number begins with a text, with whether they are used already."""
    beginning = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT ordinal, claimed FROM people WHERE name LIKE :text ESCAPE '\\' OR id_number LIKE :text "
            "ESCAPE '\\'"
            " ORDER BY ordinal LIMIT :limit",
            {"text": beginning, "limit": limit},
        ).fetchall()
    return [(world.person(row["ordinal"]), bool(row["claimed"])) for row in rows]


def described(person: Person, *, claimed: bool) -> Json:
    """One person as the list shows them."""
    return {
        "ordinal": person.ordinal,
        "name": person.name,
        "id_kind": CITIZEN_ID,
        "id_number": person.id_number,
        "scenario": person.scenario,
        "mobile": person.mobile,
        "pool": person.pool,
        "claimed": claimed,
        "county": person.county,
        "birth_date": person.birth_date.isoformat(),
        "sex": person.sex,
        "separated_on": person.separated_on.isoformat(),
        "says_reason": person.says_reason,
        "synthetic": True,
    }


def ordinal_of(store: Store, id_number: str) -> int | None:
    """The person with this number, or None."""
    with store.reading() as connection:
        row = connection.execute("SELECT ordinal FROM people WHERE id_number = ?", (id_number,)).fetchone()
    return None if row is None else int(row["ordinal"])


def claim(store: Store, fields: Mapping[str, object]) -> Json:
    """`POST /people/claimed`: mark a person as used. Raises WireError if there is no such person."""
    id_number = text_of(fields, "id_number", longest=40)
    with store.writing() as connection:
        row = connection.execute("SELECT claimed FROM people WHERE id_number = ?", (id_number,)).fetchone()
        if row is None:
            raise WireError(404, "not_found", "No person here has this number.")
        connection.execute("UPDATE people SET claimed = 1 WHERE id_number = ?", (id_number,))
    return {"id_number": id_number, "claimed": True, "was_claimed": bool(row["claimed"])}


def set_fault(store: Store, fields: Mapping[str, object]) -> Json:
    """`POST /control/fault`: tell a source how to behave, for all or for one person. Raises WireError."""
    source = text_of(fields, "source", longest=40)
    mode = text_of(fields, "mode", longest=10)
    id_number = text_of(fields, "id_number", longest=40, optional=True)
    if source not in scenarios.SOURCES:
        raise WireError(400, "bad_request", f"source must be one of {', '.join(scenarios.SOURCES)}.")
    if mode not in scenarios.MODES:
        raise WireError(400, "bad_request", f"mode must be one of {', '.join(scenarios.MODES)}.")
    if id_number and source not in scenarios.REGISTERS:
        raise WireError(400, "bad_request", "Only a register can behave otherwise for one person.")
    try:
        seconds = float(str(fields.get("seconds") or scenarios.DEFAULT_SLOW_SECONDS))
    except ValueError as error:
        raise WireError(400, "bad_request", "seconds must be a number.") from error
    if not 0 < seconds <= scenarios.LONGEST_SLOW_SECONDS:
        raise WireError(
            400, "bad_request", f"seconds must be above 0, at most {scenarios.LONGEST_SLOW_SECONDS}."
        )
    with store.writing() as connection:
        connection.execute("DELETE FROM faults WHERE source = ? AND id_number = ?", (source, id_number))
        if mode != scenarios.AUTO:
            connection.execute("INSERT INTO faults VALUES (?, ?, ?, ?)", (source, id_number, mode, seconds))
    return {"source": source, "mode": mode, "seconds": seconds, "id_number": id_number}


def renew_card(store: Store, world: World, fields: Mapping[str, object]) -> Json:
    """`POST /control/card`: a new card with another account number. Raises WireError if there is no such
    person.
    """
    id_number = text_of(fields, "id_number", longest=40)
    with store.writing() as connection:
        row = connection.execute(
            "SELECT ordinal, card FROM people WHERE id_number = ?", (id_number,)
        ).fetchone()
        if row is None:
            raise WireError(404, "not_found", "No person here has this number.")
        connection.execute("UPDATE people SET card = card + 1 WHERE id_number = ?", (id_number,))
    return {"id_number": id_number, "account_number": world.account(row["ordinal"], row["card"] + 1)}


def state(store: Store, world: World, counter: Counter) -> Json:
    """`GET /control/state`: what was told, asked and taken."""
    with store.reading() as connection:
        faults = [dict(row) for row in connection.execute("SELECT * FROM faults ORDER BY source, id_number")]
        files = [
            dict(row)
            for row in connection.execute(
                "SELECT batch_number, accepted, code, reference, count, total_fen, submissions, received_at"
                " FROM bank_files ORDER BY id DESC LIMIT 100"
            )
        ]
        messages = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
        claimed = connection.execute("SELECT count(*) FROM people WHERE claimed = 1").fetchone()[0]
    return {
        "seed": world.seed,
        "people": world.size,
        "today": world.today.isoformat(),
        "claimed": claimed,
        "faults": faults,
        "requests": counter.counts(),
        "files": files,
        "messages": messages,
    }


def book(store: Store, query: Mapping[str, str]) -> list[Json]:
    """`GET /payments?after=&limit=`: every row of every file in order, with what became of it.

    `person` is the ordinal of the account's holder. Raises WireError for a number out of range.
    """
    limit = whole_number(query, "limit", default=1000, least=1, most=10_000)
    after = whole_number(query, "after", default=0, least=0, most=10**12)
    with store.reading() as connection:
        return [
            dict(row)
            for row in connection.execute(
                "SELECT id, person, batch_number, end_to_end_id, case_number, purpose, amount_fen, status, "
                "reason_code, booked_at, returned_at FROM bank_rows WHERE id > ? ORDER BY id LIMIT ?",
                (after, limit),
            )
        ]


def payments(store: Store, *, limit: int) -> list[Json]:
    """The newest rows of all files, for the page."""
    with store.reading() as connection:
        return [
            dict(row)
            for row in connection.execute(
                "SELECT batch_number, seq, end_to_end_id, name, account, amount_fen, status, reason_code, "
                "booked_at,"
                " return_reason, return_due_at, return_asked, returned_at FROM bank_rows ORDER BY id DESC "
                "LIMIT ?",
                (limit,),
            )
        ]
