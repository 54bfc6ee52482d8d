"""Short messages (docs/wire.md §4). The message's id is the key: the same id again is the same message.

Must never log the number or the words.
"""

from __future__ import annotations

import json
from datetime import datetime

from gateways.adapters import wire
from gateways.adapters.fields import Fields
from gateways.adapters.wire import Endpoint, Limits
from gateways.ports import Channel, SmsReply

# The provider's word that this one message can never be delivered: no such number, or the id carries other
# words.
NEVER = frozenset({409, 422})


def send(
    endpoint: Endpoint,
    path: str,
    *,
    message_id: str,
    mobile: str,
    text: str,
    asked_at: datetime,
    limits: Limits,
) -> SmsReply:
    """Hand one message over. Raises `Unavailable` or `BadAnswer`: try again later with the same id."""
    reply = wire.exchange(
        endpoint,
        method="POST",
        path=path,
        asked_at=asked_at,
        limits=limits,
        breaker=Channel.SMS.value,
        body=json.dumps(
            {
                "message_id": message_id,
                "mobile": mobile,
                "text": text,
                "asked_at": wire.time_text(asked_at),
            },
            ensure_ascii=False,
        ).encode(),
        accept=NEVER,
    )
    body = Fields(wire.read_json(reply.body))
    if reply.status in NEVER:
        return SmsReply(accepted=False, provider_id="")
    if body.text("message_id") != message_id:
        raise body.bad("message_id")
    return SmsReply(accepted=True, provider_id=body.text("provider_id", required=True))
