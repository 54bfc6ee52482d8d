"""The law of the house: dated numbers with their reference, and pure rules that read them.

This package imports no Django and no app of ours, reads no clock and opens no connection. Everything that
decides about a person or an amount is here; nothing else in the project may hold a number of law.
"""
