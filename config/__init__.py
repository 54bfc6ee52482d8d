"""Composition root: settings, URLs, timetable, health pages, and the programs that start the parts.

The only package that may import every other. It must stay empty itself, so that the small processes
(keeper, supervisor, beat) can live in it without loading Django.
"""
