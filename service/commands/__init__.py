"""Commands that answer files and look at models, in this process. Know nothing about HTTP.

`arguments` says what can be asked for and imports nothing heavy; each command is imported when it
is run.
"""
