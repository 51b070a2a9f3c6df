"""Measures the service beside its peers. `python -m benchmarks --help`; see README.md.

Light to import: the peers' servers import parts of it in environments that hold nothing else.
"""
