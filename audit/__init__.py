"""Supervision of the fund: monthly cross-province checks, their findings, and what follows from them.

Modules are named by subject, so that inspections and recoveries stand beside the checks. Calls downwards
only: it asks `claims` to suspend, to resume and to end, and must never decide in its place.
"""
