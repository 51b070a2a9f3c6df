"""The tasks that a training loop can run: one file each."""
