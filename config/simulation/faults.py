"""Crashes: a step runs in a process of its own, is killed before a statement drawn by lot, and runs again.

SIGKILL, as by a machine that loses power: nothing is caught, nothing is tidied up. A step that was quicker
than the lot has simply been done twice. It must never kill anything but its own child.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from django.db import connection, connections

from config.servers import die_with_parent
from gateways.adapters import wire

Step = Callable[[], object]


@dataclass
class Steps:
    """Runs the steps of a year; with `share` above 0 that part of them is killed first."""

    chance: Random
    share: float = 0.0
    run: int = 0
    killed: int = 0
    twice: int = 0

    def take(self, step: Step) -> None:
        """Do one step, perhaps after a first try that was killed."""
        self.run += 1
        if self.chance.random() < self.share:
            if _killed(step, before=int(2 ** self.chance.uniform(0, 8))):
                self.killed += 1
            else:
                self.twice += 1
        step()


def _killed(step: Step, *, before: int) -> bool:
    """Run a step in a child that is killed before the nth statement; whether it was, and not done before."""
    # A connection must not be shared with a child, and its sockets must not be ours.
    connections.close_all()
    prepare = die_with_parent(signal.SIGKILL)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            prepare()
            wire.reset()
            with connection.execute_wrapper(_Killer(before)):
                step()
            status = 0
        finally:
            os._exit(status)
    _pid, ended = os.waitpid(child, 0)
    if os.WIFSIGNALED(ended):
        return True
    if os.WEXITSTATUS(ended):
        raise RuntimeError("a step failed before it could be killed; its error stands above")
    return False


class _Killer:
    """Lets so many statements through."""

    def __init__(self, before: int) -> None:
        self._left = before

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """A statement is about to be sent."""
        self._left -= 1
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)
