"""Tests of the programmes paid to units."""
