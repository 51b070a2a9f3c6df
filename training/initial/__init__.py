"""What a run takes over from another one, which its recipe's `initial_run` names."""
