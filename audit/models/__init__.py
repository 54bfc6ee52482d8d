"""Tables of the audit app, one module a subject."""

from audit.models.check import CheckHit, CheckRow, CheckRun

__all__ = ["CheckHit", "CheckRow", "CheckRun"]
