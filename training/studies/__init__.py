"""Studies: questions of the lectures put to networks that run, with figures and plots."""
