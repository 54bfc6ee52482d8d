"""How log lines look, and the last guard that keeps personal numbers out of them.

Code must not log such numbers in the first place; this only catches what slips into a traceback or a
library's message. It must never raise.
"""

from __future__ import annotations

import logging
import re

_LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\d{4})\d{7,13}(\d{3}[\dXx])(?![0-9A-Za-z])")
"""15 to 21 digits standing alone, the last perhaps an X: identity and account numbers have 15 to 19."""


def mask_numbers(text: str) -> str:
    """`text` with the middle of every identity or account number replaced by asterisks."""
    return _LONG_NUMBER.sub(r"\1****\2", text)


class MaskingFormatter(logging.Formatter):
    """One line a record: time with zone, level, logger, message; numbers masked, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s [%(process)d] %(message)s", "%Y-%m-%dT%H:%M:%S%z"
        )

    def format(self, record: logging.LogRecord) -> str:
        return mask_numbers(super().format(record))
