"""The outside world in a box: registers, bank, short messages and identity provider, as one HTTP server of
its own.

It shares no rule with the product it answers: of the whole project it may import `law.identifiers` (check
digits) only, and the product reaches it over HTTP alone. Every person, unit and account in it is synthetic.
"""
