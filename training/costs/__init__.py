"""What a model costs: processor time of a run's network in PyTorch and of its exports."""
