"""How far back each cell remembers: what it learns, and what its gradient tells it."""
