"""Short messages: each is kept once and shown in the phone's inbox.

It must never send anything anywhere: a message ends in the sandbox's own file.
"""

from law.identifiers import MOBILE, check
from sandbox import scenarios
from sandbox.registers import behave, fault_now, refuse_down
from sandbox.store import Store
from sandbox.wire import Answer, Json, Request, WireError, asked_at, json_answer, stamp, text_of


def accept(store: Store, request: Request) -> Answer:
    """Answer `POST /sms/messages`. Raises WireError: ill-formed, no such phone, same id with other content,
    down.
    """
    at = asked_at(request)
    message_id = text_of(request.json, "message_id", longest=64)
    mobile = text_of(request.json, "mobile", longest=20)
    text = text_of(request.json, "text", longest=1000)
    with store.reading() as connection:
        fault = fault_now(connection, scenarios.SMS)
    if fault.mode == scenarios.DOWN:
        refuse_down(scenarios.SMS)
    if not check(MOBILE, mobile).valid:
        raise WireError(422, "bad_mobile", "No phone can have this number.")
    with store.writing() as connection:
        connection.execute(
            "INSERT INTO messages (message_id, mobile, text, received_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (message_id) DO NOTHING",
            (message_id, mobile, text, stamp(at)),
        )
        row = connection.execute(
            "SELECT id, mobile, text FROM messages WHERE message_id = ?", (message_id,)
        ).fetchone()
    if (row["mobile"], row["text"]) != (mobile, text):
        raise WireError(409, "message_differs", "This message_id was sent with another number or text.")
    answer = json_answer(
        {
            "message_id": message_id,
            "status": "DELIVERED",
            "provider_id": f"SMS-{int(row['id']):06d}",
            "as_of": stamp(at),
        }
    )
    return behave(answer, fault)


def inbox(store: Store, *, mobile: str = "", limit: int = 50) -> list[Json]:
    """The newest messages, of one phone or of all."""
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT message_id, mobile, text, received_at FROM messages WHERE ? IN ('', mobile)"
            " ORDER BY id DESC LIMIT ?",
            (mobile, limit),
        ).fetchall()
    return [dict(row) for row in rows]
