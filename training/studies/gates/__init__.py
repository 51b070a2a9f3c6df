"""What the gates of a served classifier do with stop words and with sentiment words."""
