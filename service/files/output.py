"""Where rows with answers go: a file that can be continued, a stream, or a Parquet file.

Each takes whole windows of rows. A window is in the output or it is not: a file is cut back to its
last whole window when a run goes on.
"""

import fcntl
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from service.files.errors import FileError
from service.files.formats import Encoder
from service.files.journal import Journal, Progress, differences
from service.files.parquet import ParquetTable
from service.files.rows import Row

Run = Mapping[str, str | int | bool | None]
Answered = Sequence[tuple[Row, Sequence[object] | None]]  # rows with answers, or with none


class Output(Protocol):
    """Takes rows with their answers, in the order of the input."""

    def write(self, answered: Answered, rows: int, known_rows: int, fingerprint: str) -> None:
        """Write rows.

        rows: of the input that are done with these; known_rows, fingerprint: what it is recognised
        by, see `Progress`.
        """

    def finish(self) -> None:
        """All rows are written."""

    def close(self) -> None:
        """Nothing more is written, whether all rows are or not."""


class StreamOutput:
    """Standard output, or a pipe. What was written cannot be taken back."""

    def __init__(self, stream: BinaryIO | IO[bytes], name: str, encoder: Encoder) -> None:
        """name: what messages call it. Raises as `write`."""
        self._stream = stream
        self._name = name
        self._encoder = encoder
        self._append(encoder.header())

    def write(self, answered: Answered, rows: int, known_rows: int, fingerprint: str) -> None:
        """Write rows, and hand them on at once.

        Raises BrokenPipeError where nobody reads any more, and FileError.
        """
        self._append(b"".join(self._encoder.encode(*one) for one in answered))

    def finish(self) -> None:
        """All rows are written."""

    def close(self) -> None:
        """It is not ours to close."""

    def _append(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable(self._name, error) from None


class FileOutput:
    """A file with a progress file beside it until it is complete."""

    def __init__(self, path: Path, encoder: Encoder, run: Run, begun: Progress | None) -> None:
        """begun: what an earlier run left, to go on from. Raises FileError."""
        self._path = path
        self._journal = Journal(path)
        self._encoder = encoder
        self._run = dict(run)
        self._bytes = begun.bytes if begun else 0
        try:
            # Not emptied by opening it: it may be another's, until it is locked.
            self._file = path.open("r+b" if path.exists() else "x+b", buffering=0)
            self._lock(path)
            if begun is None:
                self._journal.write(Progress(run=self._run))
            self._file.truncate(self._bytes)
            self._file.seek(self._bytes)
            if not self._bytes:
                self._append(encoder.header())
                self._bytes = self._file.tell()
        except OSError as error:
            raise unwritable(path, error) from None

    def write(self, answered: Answered, rows: int, known_rows: int, fingerprint: str) -> None:
        """Write rows, and note that they are done once they are on the disk. Raises FileError."""
        data = b"".join(self._encoder.encode(*one) for one in answered)
        try:
            self._append(data)
            os.fsync(self._file.fileno())
            self._journal.write(
                Progress(
                    run=self._run,
                    rows=rows,
                    bytes=self._bytes + len(data),
                    known_rows=known_rows,
                    fingerprint=fingerprint,
                )
            )
        except OSError as error:
            raise unwritable(self._path, error) from None
        self._bytes += len(data)

    def finish(self) -> None:
        """All rows are written: the progress file goes."""
        self._journal.remove()

    def close(self) -> None:
        """Close the file. What a write that was cut off left of a window is taken away."""
        try:
            self._file.truncate(self._bytes)
        finally:
            self._file.close()

    def _append(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise FileError(
                f"another run is writing {path}; wait for it, or name another"
            ) from None


class ParquetOutput:
    """A Parquet file. It is written beside its place, and put there when it is closed."""

    def __init__(self, table: ParquetTable, temporary: Path, path: Path) -> None:
        self._table = table
        self._temporary = temporary
        self._path = path

    def write(self, answered: Answered, rows: int, known_rows: int, fingerprint: str) -> None:
        """Write rows as a row group. Raises FileError."""
        try:
            self._table.write([row for row, _ in answered], [answers for _, answers in answered])
        except OSError as error:
            raise unwritable(self._path, error) from None

    def finish(self) -> None:
        """All rows are written."""

    def close(self) -> None:
        """Write the index, with which the rows so far can be read."""
        self._table.close()
        self._temporary.replace(self._path)


def begun(path: Path, run: Run, resume: bool, overwrite: bool) -> Progress | None:
    """What an earlier run left of an output that this one goes on with; None to begin.

    Raises FileError where there is an output and nobody said what is to become of it, where it was
    begun with another input, model or choice, and `Complete` where there is nothing left to do.
    """
    if overwrite:
        return None
    progress = Journal(path).read()
    if not path.exists() or not (progress or path.stat().st_size):
        return None
    if not resume:
        again = "--overwrite begins again"
        if progress is not None:
            again = f"--resume goes on after {progress.rows:,} rows, {again}"
        raise FileError(f"{path} exists; {again}")
    if progress is None:
        raise Complete(f"{path} has no progress file beside it, so it is complete")
    differing = differences(progress, dict(run))
    if differing:
        raise FileError(
            f"{path} was begun otherwise ({differing}); give the same, or begin again with "
            "--overwrite"
        )
    size = path.stat().st_size
    if size < progress.bytes:
        raise FileError(
            f"{path} has {size:,} bytes, and had {progress.bytes:,} when it was left; begin again "
            "with --overwrite"
        )
    return progress


class Complete(Exception):
    """There is nothing left to do. The message says how that is known."""


def unwritable(path: Path | str, error: OSError) -> FileError:
    """What to say where the system lets nothing be written."""
    return FileError(f"{path} cannot be written: {os.strerror(error.errno or 0)}")
