"""Django's command line, in the environment of this installation.

Starts the embedded servers when a command needs them and leaves none behind. `decide` is pure law: it is
handed over before Django, secrets or servers are touched, so that a pipe of a million lines pays for none of
them.
"""

from __future__ import annotations

import os
import sys

from config.home import HomeError, home_from_environment, process_environment

COMMANDS_WITHOUT_SERVERS = frozenset(
    {"help", "version", "--help", "-h", "--version", "check", "collectstatic", "findstatic", "diffsettings",
     "makemessages", "compilemessages", "spectacular", "startapp", "translations", "document_states"}
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 2 for wrong usage, 1 for a failure, 0 else."""
    command = arguments[1] if len(arguments) > 1 else "help"
    if command == "decide":
        from law.__main__ import main as decide  # noqa: PLC0415 - the one command without Django

        return decide(arguments[1:])
    from config.embedded import Lease, servers_needed  # noqa: PLC0415 - see above

    try:
        home = home_from_environment()
        needed = frozenset() if command in COMMANDS_WITHOUT_SERVERS else servers_needed()
        with Lease(home, needed):
            os.environ.update(process_environment(home))
            from django.core.management import execute_from_command_line  # noqa: PLC0415 - needs the environment

            execute_from_command_line(arguments)
    except HomeError as error:
        print(f"manage: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
