"""What travels to the workers, taken from the real broker; and a worker that does it in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty

from config.celery import app

QUEUE = "celery"


@dataclass(frozen=True)
class Sent:
    """One message as it lay in the broker: headers and body as text, and what is to be done."""

    task: str
    arguments: dict[str, int]
    wire: str


def taken() -> Iterator[Sent]:
    """Take every message out of the broker, oldest first."""
    with app.connection_for_read() as connection, connection.SimpleQueue(QUEUE) as queue:
        while True:
            try:
                message = queue.get(block=False)
            except Empty:
                return
            message.ack()
            arguments, named, _chain = message.payload
            assert arguments == [], "tasks take keyword ids"
            wire = json.dumps([message.headers, message.payload, message.properties], default=str)
            yield Sent(str(message.headers["task"]), dict(named), wire)


def do(sent: Sent) -> None:
    """What a worker does with a message."""
    app.loader.import_default_modules()
    app.tasks[sent.task](**sent.arguments)
