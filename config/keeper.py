"""The keeper: one small process that owns the embedded servers until nobody uses them.

Started by the first lease (`config/embedded.py`). It never imports Django: it lives as long as the site.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.embedded import READY, STOP_SECONDS, keeper_lock, keeper_state_file, users_lock
from config.home import Home, HomeError, destroy, open_home
from config.servers import SERVERS, Server

WATCH_SECONDS = 0.2
MAX_DEATHS, DEATHS_WITHIN_SECONDS = 5, 60
MIN_FREE_BYTES = 192 * 1024 * 1024


class Keeper:
    """Owns the servers of one installation from READY until nobody uses them."""

    def __init__(self, home: Home, names: list[str]) -> None:
        self._home = home
        self._names = names
        self._servers: list[Server] = []
        self._is_asked_to_stop = False

    def run(self, report: Callable[[str], None]) -> None:
        """Call `report` once, with READY or the reason why not; stay while somebody uses the servers."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        own = keeper_lock(self._home)
        if not own.take(shared=False, seconds=STOP_SECONDS):
            report("the servers of this installation are still stopping: try again in a minute.")
            return
        state = keeper_state_file(self._home)
        try:
            self._start()
            state.write_text(json.dumps({"pid": str(os.getpid()), "servers": self._names}))
            report(READY)
            self._watch()
        except (HomeError, OSError) as error:  # whoever starts it gets one line, whatever it is
            report(str(error))
        finally:
            self._stop()
            state.unlink(missing_ok=True)
            if self._home.is_throwaway:
                destroy(self._home)

    def _ask_to_stop(self, number: int, frame: object) -> None:
        self._is_asked_to_stop = True

    def _start(self) -> None:
        free = shutil.disk_usage(self._home.data).free
        if free < MIN_FREE_BYTES:
            raise HomeError(f"the disk is full: {free >> 20} MiB free at {self._home.data}.")
        for name in self._names:
            server = SERVERS[name](self._home)
            self._servers.append(server)
            server.prepare()
            server.start()

    def _watch(self) -> None:
        users = users_lock(self._home)
        # When got, the lock is held to the end of the process: a newcomer waits for a clean start.
        while not self._is_asked_to_stop and not users.take(shared=False):
            for server in self._servers:
                if server.process is not None and server.process.poll() is not None:
                    self._restart(server)
            time.sleep(WATCH_SECONDS)

    def _restart(self, server: Server) -> None:
        now = time.monotonic()
        server.deaths = [at for at in server.deaths if now - at < DEATHS_WITHIN_SECONDS] + [now]
        status = server.process.returncode if server.process is not None else None
        print(f"{server.name} ended with status {status}; death {len(server.deaths)}", flush=True)
        if len(server.deaths) >= MAX_DEATHS:
            raise HomeError(f"{server.name} keeps dying: {server.last_words()}")
        time.sleep(0.2 * len(server.deaths))
        try:
            server.start()
        except HomeError as error:  # the next round counts it as one more death
            print(str(error), flush=True)

    def _stop(self) -> None:
        for server in reversed(self._servers):
            server.stop()


def main() -> int:
    """`python -m config.keeper VAR --servers …`: leave a keeper behind; exit when it is ready, or 1.

    The keeper is a grandchild of the caller, so that no one has to wait for it and no one's end ends it.
    """
    parser = argparse.ArgumentParser(prog="config.keeper")
    parser.add_argument("var", type=Path)
    parser.add_argument("--servers", nargs="+", choices=sorted(SERVERS), required=True)
    parser.add_argument("--throwaway", action="store_true")
    options = parser.parse_args()
    home = open_home(options.var, is_throwaway=options.throwaway)
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read().strip()
        if answer != READY:
            print(answer)
            return 1
        return 0
    os.setsid()
    os.close(reading)
    with (home.logs / "keeper.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)

    def report(answer: str) -> None:
        nonlocal writing
        if writing < 0:
            print(answer, flush=True)
            return
        os.write(writing, answer.replace("\n", " ").encode())
        os.close(writing)
        writing = -1

    Keeper(home, options.servers).run(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
