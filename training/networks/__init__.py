"""The networks, in plain torch. They know nothing about text, files or training loops."""
