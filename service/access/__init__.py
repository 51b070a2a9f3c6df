"""Who may ask, and how often: API keys and rate limits. It knows nothing about HTTP or models."""
