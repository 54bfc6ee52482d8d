"""Tests of the pages that belong to no app, and of the template tags that all pages use."""
