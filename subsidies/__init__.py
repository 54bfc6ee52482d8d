"""The programmes paid to units and their staff: retention refund; skill and expansion subsidy come beside it.

`programs.py` is the table of what is built, one package a programme with the same files. A programme must
never import another.
"""
