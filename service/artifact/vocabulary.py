"""The one vocabulary of training and serving for models that read words: numbers of a token.

A token becomes a row of integers: its word, its casing and its characters. It knows nothing about
how a text is split into tokens. A `Vocabulary` is immutable and may be shared by threads.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from service.artifact.errors import ArtifactError

Array = np.ndarray

PAD, UNKNOWN = 0, 1  # of words and of characters; their lists begin behind these
SPECIAL = 2
CHARACTERS = 16  # of a token that are read: its first and its last eight
CASINGS = 7
WORD, CASING, FIRST_CHARACTER = 0, 1, 2  # places in a row
ROW = FIRST_CHARACTER + CHARACTERS
_DIGIT = re.compile(r"\d")
_QUOTES = str.maketrans("’‘“”´`", "''\"\"''")


class Vocabulary:
    """The words and characters that a model knows."""

    def __init__(self, words: Sequence[str], characters: Sequence[str]) -> None:
        """words: as `word_form` writes them. Raises ValueError where one comes twice."""
        self.words = tuple(words)
        self.characters = tuple(characters)
        self._words = {word: i for i, word in enumerate(self.words, SPECIAL)}
        self._characters = {one: i for i, one in enumerate(self.characters, SPECIAL)}
        for kind, listed, known in (
            ("words", self.words, self._words),
            ("characters", self.characters, self._characters),
        ):
            if len(listed) != len(known):
                raise ValueError(f"{kind} holds one twice; each must differ from the others")

    @classmethod
    def from_bytes(cls, data: bytes, origin: object = "vocabulary.json") -> Self:
        """The vocabulary in the bytes of its file. Raises ArtifactError for other bytes."""
        try:
            document = json.loads(data.decode("utf-8"))
            lists = [document[key] for key in ("words", "characters")]
            if not all(isinstance(one, str) for listed in lists for one in listed):
                raise ValueError("words and characters are lists of strings")
            return cls(*lists)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ArtifactError(f"{origin} is no vocabulary: {error!r}") from error

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The vocabulary in a file. Raises ArtifactError."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
        return cls.from_bytes(data, path)

    def to_bytes(self) -> bytes:
        """The bytes of its file."""
        document = {"words": self.words, "characters": self.characters}
        return json.dumps(document, ensure_ascii=False, indent=0).encode("utf-8") + b"\n"

    @property
    def word_count(self) -> int:
        """Words, padding and the unknown one."""
        return len(self.words) + SPECIAL

    @property
    def character_count(self) -> int:
        """Characters, padding and the unknown one."""
        return len(self.characters) + SPECIAL

    def encode(self, tokens: Sequence[str]) -> Array:
        """The numbers of each token: tokens x ROW, int32. No token may be empty."""
        rows = np.zeros((len(tokens), ROW), dtype=np.int32)
        for i, token in enumerate(tokens):
            read = spelled(token)
            rows[i, : FIRST_CHARACTER + len(read)] = (
                self._words.get(word_form(token), UNKNOWN),
                casing(token),
                *(self._characters.get(one, UNKNOWN) for one in read),
            )
        return rows


def word_form(token: str) -> str:
    """The form in which two tokens are the same word: lower case, with digits as 0.

    Addresses and names of accounts are one word each: what they say stands in their characters.
    """
    word = token.translate(_QUOTES).lower()
    if word.startswith(("http:", "https:", "www.")):
        return "http:"
    if word.startswith("@") and len(word) > 1:
        return "@name"
    return _DIGIT.sub("0", word)


def spelled(token: str) -> str:
    """The characters of a token that are read: all, or of a long one its beginning and end."""
    half = CHARACTERS // 2
    token = token.translate(_QUOTES)
    return token if len(token) <= CHARACTERS else token[:half] + token[-half:]


def casing(token: str) -> int:
    """Which of the seven kinds of letters a token has."""
    if token.islower():
        return 1
    if token.isupper():
        return 2 if len(token) > 1 else 3
    if token.istitle():
        return 4
    if any(map(str.isalpha, token)):
        return 5
    return 6 if any(map(str.isdigit, token)) else 0
