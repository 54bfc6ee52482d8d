"""Reads of the audit app, one module a subject."""
