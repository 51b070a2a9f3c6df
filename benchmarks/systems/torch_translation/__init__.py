"""FastAPI with the translator in PyTorch."""
