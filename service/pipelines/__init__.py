"""From text to an answer, one file a task. Knows nothing about HTTP or folders of models."""
