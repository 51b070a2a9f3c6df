"""Runs graphs: sessions, batches, beam search. Knows nothing about text, files or HTTP."""
