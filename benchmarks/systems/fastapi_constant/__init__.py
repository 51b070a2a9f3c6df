"""A FastAPI endpoint that answers a constant."""
