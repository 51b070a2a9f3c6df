"""Why a model answers as it does, computed from the served graph itself.

Knows nothing about HTTP. It opens graphs that are served already a second time, where it needs
values that they keep inside, and never changes a file.
"""
