"""Sessions in the database. A change of one that goes on need not outlive a power cut, so it does not wait.

Each minute of somebody's work notes when it was seen (`accounts.middleware`). That is one statement, and the
server answers it before it is on the disk. Beginning a session, its new key and its end are written as
Django writes them: an ended session must never come back.
"""

from __future__ import annotations

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection

# The setting is the transaction's alone, which is this statement: nothing else is committed so.
_CHANGE = """
    UPDATE django_session SET session_data = %s, expire_date = %s
    FROM (SELECT set_config('synchronous_commit', 'off', true)) asynchronously WHERE session_key = %s
"""


class SessionStore(DatabaseStore):
    """`SESSION_ENGINE`; all but `save` is Django's."""

    def save(self, must_create: bool = False) -> None:
        """Keep the session. Raises UpdateError where another request has ended it meanwhile."""
        if must_create or self.session_key is None or connection.in_atomic_block:
            super().save(must_create=must_create)
            return
        data = self.encode(dict(self.items()))
        with connection.cursor() as cursor:
            cursor.execute(_CHANGE, [data, self.get_expiry_date(), self.session_key])
            if cursor.rowcount != 1:
                raise UpdateError
