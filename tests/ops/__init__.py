"""Tests of how the product is started, kept and stopped."""
