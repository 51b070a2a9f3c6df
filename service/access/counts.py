"""How often each client has asked lately, in memory that the workers of a server share.

A table of fixed size below the `limits` library's interface for storages: 65,536 clients in 2 MiB,
whoever asks. Two counts a client, of the current window and of the one before, are what a sliding
window needs. Where a new client finds its place full, it takes that of the one with the fewest
requests, so many addresses push out each other and not the one that is over its limit.

Belongs to the event loop. Workers lock the whole table for the microseconds that an access takes; a
worker that dies gives the lock back.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport

_SECRET_BYTES = 32
_SLOT = struct.Struct("<QdIII4x")  # client, begin of the window, its seconds, before, in it
_WAYS = 8  # slots in which a client may stand
_SETS = 8192
_SET_BYTES = _WAYS * _SLOT.size
_SIZE = _SECRET_BYTES + _SETS * _SET_BYTES
_LARGEST = 0xFFFF_FFFF


def create_counts(path: Path) -> None:
    """Makes the file that the workers of a server share."""
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(os.urandom(_SECRET_BYTES))
        file.truncate(_SIZE)


class Counts(Storage, SlidingWindowCounterSupport):
    """The requests of each client in its current window, and in the one before."""

    STORAGE_SCHEME = None

    def __init__(
        self, shared: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """shared: the file of `create_counts`, where there are other workers.

        clock: seconds, the same in all workers.
        """
        super().__init__()
        self._file = None if shared is None else shared.open("r+b")
        self._lock = _Lock(self._file)
        self._memory = mmap.mmap(-1 if self._file is None else self._file.fileno(), _SIZE)
        if self._file is None:
            self._memory[:_SECRET_BYTES] = os.urandom(_SECRET_BYTES)
        # Without it, clients could choose addresses that all share one place.
        self._secret = bytes(self._memory[:_SECRET_BYTES])
        self._clock = clock

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Counts `amount` requests, unless they would be more than `limit` in `expiry` seconds.

        The window before counts as much as of it still lies in those seconds.
        """
        with self._lock:
            now = self._clock()
            place, begin, before, current, client = self._find(key, expiry, now)
            weight = 1 - (now - begin) / expiry
            if int(before * weight + current) + amount > limit:
                return False
            current = min(current + amount, _LARGEST)
            _SLOT.pack_into(self._memory, place, client, begin, expiry, before, current)
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Requests in the window before and the seconds that it still counts, and of this one."""
        with self._lock:
            now = self._clock()
            _, begin, before, current, _ = self._find(key, expiry, now)
            left = begin + expiry - now
            return before, left if before else 0.0, current, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forgets a client."""
        with self._lock:
            place, *_ = self._find(key, expiry, self._clock())
            self._memory[place : place + _SLOT.size] = bytes(_SLOT.size)

    def reset(self) -> int | None:
        """Forgets all."""
        with self._lock:
            self._memory[_SECRET_BYTES:] = bytes(_SIZE - _SECRET_BYTES)
        return None

    def check(self) -> bool:
        """Memory is always there."""
        return True

    @property
    def base_exceptions(self) -> type[Exception]:
        """What an access may raise."""
        return OSError

    def clear(self, key: str) -> None:
        """For fixed windows, which are not kept here."""
        raise NotImplementedError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """For fixed windows, which are not kept here."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """For fixed windows, which are not kept here."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """For fixed windows, which are not kept here."""
        raise NotImplementedError

    def close(self) -> None:
        """Gives the memory back."""
        self._memory.close()
        if self._file is not None:
            self._file.close()

    def _find(self, key: str, expiry: int, now: float) -> tuple[int, float, int, int, int]:
        """The place of a client, the begin of its window, and its counts; its own number.

        For one that is not known, the place that it may take, and no requests.
        """
        digest = hashlib.blake2b(key.encode(), key=self._secret, digest_size=12).digest()
        client = int.from_bytes(digest[:8], "little")
        start = _SECRET_BYTES + int.from_bytes(digest[8:], "little") % _SETS * _SET_BYTES
        place, fewest = start, _LARGEST + 1
        slots = _SLOT.iter_unpack(self._memory[start : start + _SET_BYTES])
        for number, (known, begin, seconds, before, current) in enumerate(slots):
            passed = now - begin
            if known == client and seconds == expiry and 0 <= passed < 2 * expiry:
                found = start + number * _SLOT.size
                if passed < expiry:
                    return found, begin, before, current, client
                return found, begin + expiry, current, 0, client
            # What is older than its two windows, or from a clock that began anew, is free.
            count = before + current if 0 <= passed < 2 * seconds else 0
            if count < fewest:
                place, fewest = start + number * _SLOT.size, count
        return place, now, 0, 0, client


class _Lock:
    """One worker at a time, by a lock on their file; the counts of a lone process need none."""

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file

    def __enter__(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *raised: object) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
