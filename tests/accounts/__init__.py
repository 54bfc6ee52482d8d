"""Tests of parties, encryption, rights and sign-in."""
