"""The commands of training: each module has the options of one, and what it does and prints.

Heavy imports wait until a command needs them, so that ``--help`` answers at once.
"""
