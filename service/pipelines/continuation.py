"""The text that follows a prompt, as its tokens come. Pure: no engine, no I/O.

A token is no text by itself: its space belongs to what stands before it, several may be the bytes
of one character, and what may turn out to be the beginning of a stop text must wait.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from service.artifact import Tokenizer

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # stands for bytes that form no character yet
_BYTE = re.compile("<0x[0-9A-F]{2}>")


class Prompt(NamedTuple):
    """A text that is to be continued, and its tokens."""

    text: str
    tokens: list[int]


class Continuation:
    """What each token adds to the text."""

    def __init__(self, tokenizer: Tokenizer, prompt: Prompt, stop: Sequence[str] = ()) -> None:
        """stop: texts before which the continuation ends."""
        self.stopped = False  # whether a stop text came
        self._tokenizer = tokenizer
        self._stop = stop
        # The last tokens that form whole characters, so that a space shows as one.
        self._window = _tail(tokenizer, prompt.tokens)
        self._shown = len(tokenizer.decode(self._window))  # characters of the window
        # A space at the prompt's end is no token of it: the first token has it once more.
        self._after_space = prompt.text[-1:].isspace()
        self._held = ""  # what may be the beginning of a stop text

    def feed(self, token: int) -> str:
        """What is certain now. Nothing comes any more once `stopped`."""
        if self.stopped:
            return ""
        self._window.append(token)
        text = self._tokenizer.decode(self._window)
        if text.endswith(_REPLACEMENT):
            return ""
        addition = text[self._shown :]
        if _is_byte(self._tokenizer, token):
            self._shown = len(text)
        else:
            self._window = [token]
            self._shown = len(self._tokenizer.decode(self._window))
        return self._certain(addition)

    def end(self) -> str:
        """The rest, when no token comes any more."""
        if self.stopped:
            return ""
        # The bytes that formed no character may still be needed to make a stop text whole.
        rest = self._certain(self._tokenizer.decode(self._window)[self._shown :])
        rest += self._behind_prompt(self._held)
        return rest

    def _certain(self, addition: str) -> str:
        text = self._held + addition
        # The first that is whole ends the text, and of two whole at once the longer one, so that
        # the same text ends at the same place however it is divided into tokens.
        places = ((text.find(stop), len(stop)) for stop in self._stop)
        found = [(begin + size, begin) for begin, size in places if begin >= 0]
        if found:
            self.stopped, self._held = True, ""
            _, begin = min(found)
            return self._behind_prompt(text[:begin])
        kept = max((_overlap(text, stop) for stop in self._stop), default=0)
        self._held = text[len(text) - kept :]
        return self._behind_prompt(text[: len(text) - kept])

    def _behind_prompt(self, text: str) -> str:
        """What is shown of a text: a stop text may begin with the space that the prompt has."""
        if text and self._after_space:
            self._after_space = False
            return text.removeprefix(" ")
        return text


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of a text may be the first ones of a stop text."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)


def _tail(tokenizer: Tokenizer, tokens: Sequence[int]) -> list[int]:
    """The last token that is no byte, and the bytes behind it."""
    begin = len(tokens)
    while begin:
        begin -= 1
        if not _is_byte(tokenizer, tokens[begin]):
            break
    return list(tokens[begin:])


def _is_byte(tokenizer: Tokenizer, token: int) -> bool:
    return _BYTE.fullmatch(tokenizer.pieces([token])[0]) is not None
