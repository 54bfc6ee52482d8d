"""What travels to the workers, taken from the real broker; and a worker that does it in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from queue import Empty
from typing import TYPE_CHECKING

from config.celery import app

if TYPE_CHECKING:
    from celery import Task

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


@cache
def tasks() -> Mapping[str, Task[..., object]]:
    """Every task by name. Loaded once: Celery sets up Django, and with it all logging, each time anew."""
    app.loader.import_default_modules()
    return app.tasks


def do(sent: Sent) -> None:
    """What a worker does with a message."""
    tasks()[sent.task](**sent.arguments)
