"""The lines of a file or pipe, as text. Knows nothing about what is in them.

It reads by itself, and not through Python's text files, so that a byte that is no UTF-8 can be
named by its line, a line without end cannot fill the memory, and the rows of a slow pipe need not
wait for a whole window.
"""

import hashlib
import os
import select
import stat
from collections import deque
from io import RawIOBase
from typing import Self

from service.files.errors import FileError

MAX_LINE_BYTES = 1 << 24
_CHUNK = 1 << 20  # bytes of a read
_LINGER = 0.02  # seconds in which a pipe's next lines may still come
_BOM = b"\xef\xbb\xbf"
_SIGNATURES = {  # how files begin that hold no lines of UTF-8
    b"\xff\xfe": 'is UTF-16; convert it with "iconv -f UTF-16 -t UTF-8"',
    b"\xfe\xff": 'is UTF-16; convert it with "iconv -f UTF-16 -t UTF-8"',
    b"\x1f\x8b": 'is compressed; unpack it with "gunzip -c" and read standard input',
    b"PAR1": "is a Parquet file; read it with --format parquet",
}


class Lines:
    """An iterator over lines without their ends. `problem` says what is wrong with the last one."""

    def __init__(self, file: RawIOBase, name: str) -> None:
        """file: unbuffered and open for reading; name: what messages call it."""
        self.name = name
        self.number = 0  # of the last line
        self.problem = ""  # set by a line that is no UTF-8, and kept until somebody clears it
        self._file = file
        self._lines: deque[bytes] = deque()
        self._rest = b""  # the beginning of a line
        self._ended = False
        self._read = 0  # bytes
        self._digest = hashlib.sha256()
        status = os.fstat(file.fileno())
        self._size = status.st_size if stat.S_ISREG(status.st_mode) else None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        while not self._lines:
            if self._ended:
                raise StopIteration
            self._fill()
        line = self._lines.popleft()
        self._digest.update(line)
        self._digest.update(b"\n")
        self.number += 1
        if self.number == 1:
            line = self._begin(line)
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            self.problem = f"byte {error.start + 1} of line {self.number} is not UTF-8"
            return line.decode("utf-8", "replace")

    def ready(self) -> bool:
        """Whether a line, or the end, is to be had without waiting."""
        while not (self._lines or self._ended):
            if not select.select([self._file], [], [], _LINGER)[0]:
                return False
            self._fill()
        return True

    def fingerprint(self) -> str:
        """A digest of all lines so far."""
        return self._digest.hexdigest()

    def share(self) -> float | None:
        """How much of the file has been read, 0 to 1; None for a pipe."""
        if not self._size:
            return None
        waiting = sum(map(len, self._lines)) + len(self._lines) + len(self._rest)
        return min(1.0, (self._read - waiting) / self._size)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _fill(self) -> None:
        try:
            chunk = self._file.read(_CHUNK) or b""
        except OSError as error:
            raise FileError(
                f"{self.name} cannot be read: {os.strerror(error.errno or 0)}"
            ) from None
        self._read += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if not chunk:
            self._ended = True
            if self._rest:
                lines, self._rest = [self._rest], b""
        self._lines.extend(lines)
        if len(self._rest) > MAX_LINE_BYTES:
            number = self.number + len(self._lines) + 1
            raise FileError(
                f"{self.name}, line {number}: the line has more than {MAX_LINE_BYTES:,} bytes; "
                "expected one row a line"
            )

    def _begin(self, line: bytes) -> bytes:
        for signature, meaning in _SIGNATURES.items():
            if line.startswith(signature):
                raise FileError(f"{self.name} {meaning}")
        return line.removeprefix(_BOM)
