"""Insured units: their size class and its disputes, and the holds that keep a refund back.

Will hold enterprises, insured years, size disputes and holds, and the import from the core system. Must never
pay: refunds are in `subsidies`.
"""
