"""The programmes paid on application: skill subsidy, retention refund, expansion subsidy.

Will hold `programs.py` (the table: program, rule, form, sources, services) and one package a programme with
the same files. A programme must never import another.
"""
