"""The kinds of case of this app: their statuses, who each of them waits for, and their verbs.

Data only; none yet.
"""
