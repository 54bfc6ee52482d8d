"""Insured units: what is known of them, their size class and its disputes, the holds that keep a refund back.

Must never pay: refunds are in `subsidies`.
"""
