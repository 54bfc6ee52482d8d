"""`python -m sandbox --port N --db FILE --product URL`: run the outside world as a server of its own.

Secrets come from the environment: ANYE_GATEWAY_KEY (and ANYE_GATEWAY_KEY_ID), ANYE_OIDC_CLIENT_ID and
ANYE_OIDC_CLIENT_SECRET. An existing file is used as it is. It must never be reachable from outside a test
network.
"""

import argparse
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from threading import Thread
from types import FrameType

from sandbox import bank, server
from sandbox.world import CHINA, World


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or Ctrl-C. 0 after a stop, 1 with one line on standard error if it cannot start."""
    options = _parser().parse_args(arguments)
    address = options.address or f"http://127.0.0.1:{options.port}"
    environ = os.environ
    settings = server.Settings(
        address=address.rstrip("/"),
        products=tuple(options.product),
        key_id=environ.get("ANYE_GATEWAY_KEY_ID") or server.DEFAULT_KEY_ID,
        key=environ.get("ANYE_GATEWAY_KEY") or server.DEFAULT_KEY,
        client_id=environ.get("ANYE_OIDC_CLIENT_ID") or server.DEFAULT_CLIENT_ID,
        client_secret=environ.get("ANYE_OIDC_CLIENT_SECRET") or server.DEFAULT_CLIENT_SECRET,
        opening_fen=options.opening_fen,
    )
    try:
        listening = server.Server((options.host, options.port))
    except OSError as error:
        return _fail(f"cannot listen on {options.host}:{options.port}: {error.strerror}")
    try:
        wanted = World(options.seed, options.people, options.today or _today(), options.enterprises)
        application = server.load(listening, options.db, wanted, settings)
    except (OSError, sqlite3.Error, ValueError) as error:
        return _fail(f"cannot use {options.db}: {error}")
    world = application.world
    if (world.seed, world.people) != (wanted.seed, wanted.people):
        sys.stderr.write(
            f"sandbox: keeps the population in {options.db}: {world.people} people, seed {world.seed}\n"
        )

    def stop(_: int, __: FrameType | None) -> None:
        application.stopping.set()
        # shutdown() waits for the loop that this handler has interrupted.
        Thread(target=listening.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sys.stdout.write(f"sandbox: {address} ({world.size} synthetic people as of {world.today})\n")
    sys.stdout.flush()
    listening.serve_forever(poll_interval=0.2)
    listening.server_close()
    application.store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="The outside world in a box; all synthetic."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument("--db", type=Path, required=True, help="the SQLite file; made if it is not there")
    parser.add_argument(
        "--product", action="append", required=True, help="address of the product; may be given several times"
    )
    parser.add_argument("--address", help="own address as browsers reach it (default http://127.0.0.1:PORT)")
    parser.add_argument(
        "--people", type=int, default=300, help="people with a claim to come; as many more are free"
    )
    parser.add_argument("--enterprises", type=int, default=0, help="how many employers they worked for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--today", type=date.fromisoformat, help="the day that separations lie before (first start)"
    )
    parser.add_argument(
        "--opening-fen", type=int, default=bank.OPENING_FEN, help="opening balance of payer accounts"
    )
    return parser


def _today() -> date:
    # The first start is the one moment at which the world asks what day it is.
    return datetime.fromtimestamp(time.time(), CHINA).date()


def _fail(message: str) -> int:
    sys.stderr.write(f"sandbox: {message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
