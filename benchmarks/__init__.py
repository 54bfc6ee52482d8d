"""The benchmarks: one module each, with its floor measured in the same run.

A module named `<name>.py` offers `run(sizes=None)`, which measures and returns one row a size. They live
here and not in `bench/`, because the command at the root is called `bench`.
"""
