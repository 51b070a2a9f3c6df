"""FastAPI with the service's own search and graphs, without its scheduler."""
