"""Fixtures that every test may use. Must hold none that only one app needs."""

from __future__ import annotations
