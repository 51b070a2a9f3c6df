"""Answers to texts that were asked for lately, within a bound of bytes. Owned by the event loop.

A key names the version of the model and every option, so that a new version answers anew.
"""

import sys
from collections import OrderedDict
from collections.abc import Hashable

_OVERHEAD = 400  # bytes of an entry besides its text, roughly: key, links, the answer's objects


class AnswerCache:
    """The answers that were used last."""

    def __init__(self, max_bytes: int) -> None:
        """max_bytes: 0 to keep nothing."""
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[tuple[str, Hashable], tuple[object, int]] = OrderedDict()

    def __bool__(self) -> bool:
        """Whether it keeps anything."""
        return self._max_bytes > 0

    @property
    def bytes(self) -> int:
        """Memory of what it keeps, roughly."""
        return self._bytes

    def get(self, text: str, options: Hashable) -> object | None:
        """The answer to a text; None where it is not known."""
        entry = self._entries.get((text, options))
        if entry is None:
            return None
        self._entries.move_to_end((text, options))
        return entry[0]

    def put(self, text: str, options: Hashable, answer: object, answer_bytes: int) -> None:
        """Keep an answer, whose own size is given, and forget the oldest for it."""
        size = sys.getsizeof(text) + answer_bytes + _OVERHEAD
        if size > self._max_bytes:
            return
        self._bytes += size - self._entries.pop((text, options), (None, 0))[1]
        self._entries[text, options] = (answer, size)
        while self._bytes > self._max_bytes:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._bytes -= dropped
