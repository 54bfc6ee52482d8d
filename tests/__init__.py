"""The tests; `python -m tests` is `./test`."""
