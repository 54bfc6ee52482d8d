"""A server in this process that sees what the test has written and not yet committed. Loopback only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, get_internal_wsgi_application
from django.db import DEFAULT_DB_ALIAS, connections
from django.test.testcases import QuietWSGIRequestHandler


class SharedServer(ThreadedWSGIServer):
    """Answers on the test's own connection, and so leaves it open."""

    def _close_connections(self) -> None:
        return


@contextmanager
def served() -> Iterator[str]:
    """Inside: the address of the site on the test's own transaction."""
    shared = connections[DEFAULT_DB_ALIAS]
    shared.inc_thread_sharing()
    # The beginning and end of a request close what looks old; the test's own transaction must stay.
    keep = mock.patch.object(shared, "close_if_unusable_or_obsolete", lambda: None)
    keep.start()
    server = SharedServer(
        ("127.0.0.1", 0), QuietWSGIRequestHandler, connections_override={DEFAULT_DB_ALIAS: shared}
    )
    server.set_app(StaticFilesHandler(get_internal_wsgi_application()))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        keep.stop()
        shared.dec_thread_sharing()
