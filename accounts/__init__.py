"""Parties, users, roles and the record of who looked at whom; knows no case, no claim and no payment."""
