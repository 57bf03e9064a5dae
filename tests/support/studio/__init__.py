"""A whole studio on one machine: private PostgreSQL servers, the programs, two sites. For the demo and for the tests.

Only Python's standard library. Everything that it starts runs as an ordinary user, listens on loopback only, and ends with the Python process
that started it, however that ends.
"""
