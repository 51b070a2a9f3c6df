"""The cells that a recipe can name. Imports nothing heavy: recipes are read without torch."""

from typing import Literal

CellName = Literal["lstm", "gru", "rnn", "lstm-1997", "peephole", "peephole-identity"]
