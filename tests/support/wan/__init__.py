"""A long line inside this machine: see README.md. Needs root; only Python's standard library."""
