"""Studies: questions put to networks that are trained for the answer, each a command of its own."""
