"""What has a number, a status and a deadline: cases, their trail, determinations, and the queue of open work.

Knows kinds of case only by the data they register (`kinds.py`); it must never import the app that owns a
kind.
"""
