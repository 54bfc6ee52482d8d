"""Tests of insured units: what is known of them, their classes, the lists and the holds."""
