"""Writes of the audit app, one module a subject. Import them from here."""

from audit.services.roll import start_check

__all__ = ["start_check"]
