"""What a translator is worth beside the BLEU of its test sets, measured as it is served.

What it leaves as it stands, what typing costs, what it does with odd texts and with glossaries, and
what greedy search costs. Knows nothing about networks or torch. A module measures one of them and
has the dataclass of what it found; `study` runs them all, `report` writes them down.
"""
