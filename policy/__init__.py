"""Dated numbers that a bureau adds to the shipped law: proposed by one supervisor, approved by another."""
