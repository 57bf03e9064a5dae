"""A long line inside this machine: two sites in network namespaces of their own, joined by an emulator. Needs root; only Python's standard library."""
