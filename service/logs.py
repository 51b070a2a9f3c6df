"""Structured logging: lines of text or of JSON, with the request's id in every record.

No record may hold a user's text. Messages of exceptions can (a KeyError quotes its key), so
tracebacks are written without them: frames and types only. The id of the current request is a
context variable: each request's task, and each thread that computes for it, sees its own.
"""

import json
import logging
import sys
import time
import traceback
from contextvars import ContextVar
from types import TracebackType
from typing import Literal, TextIO

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def configure_logging(
    level: str, log_format: Literal["text", "json"], stream: TextIO | None = None
) -> None:
    """Sends all records of the process, uvicorn's included, to one stream (default stderr)."""
    handler = _Lines(stream or sys.stderr)
    handler.setFormatter(_JsonLines() if log_format == "json" else _TextLines())
    # What no line shows need not be found out for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").propagate = False  # service.access has the request's id
    # Below warning, uvicorn repeats what the service itself says.
    logging.getLogger("uvicorn.error").setLevel("DEBUG" if level == "debug" else "WARNING")


def frames(error: BaseException) -> str:
    """The traceback of an exception and of its causes, without any exception's message."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        name = f"{type(current).__module__}.{type(current).__qualname__}"
        parts.insert(0, "".join(traceback.format_tb(current.__traceback__)) + name)
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "\nwhich led to:\n".join(parts)


def _request_of(record: logging.LogRecord) -> str:
    # Where a record was made for a request that is over, it says which.
    return str(getattr(record, "request_id", None) or request_id.get())


class _Lines(logging.StreamHandler[TextIO]):
    """Writes each record at once, in one piece."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.stream.write(self.format(record) + "\n")
            self.stream.flush()
        except Exception:
            self.handleError(record)


class _TextLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__()
        self._second = -1
        self._time = ""

    def format(self, record: logging.LogRecord) -> str:
        # One record is one line, whatever a message holds; only tracebacks take several.
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        second = int(record.created)
        if second != self._second:  # a calendar for each line would cost as much as its request
            self._second = second
            self._time = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
        line = (
            f"{self._time},{int(record.msecs):03d} {record.levelname} {record.name} "
            f"[{_request_of(record)}] {message}"
        )
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802
        return frames(ei[1]) if ei[1] is not None else ""


# What every record has; all other attributes came as `extra`. color_message is uvicorn's copy of
# the message for terminals.
_OF_EVERY_RECORD = frozenset(
    [*vars(logging.makeLogRecord({})), "message", "asctime", "request_id", "color_message"]
)


class _JsonLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__()
        self._encode = json.JSONEncoder(default=str).encode
        self._second = -1
        self._time = ""

    def format(self, record: logging.LogRecord) -> str:
        second = int(record.created)
        if second != self._second:
            self._second = second
            self._time = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        fields: dict[str, object] = {
            "timestamp": f"{self._time}.{int(record.msecs):03d}+00:00",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": _request_of(record),
        }
        for name, value in vars(record).items():
            if name not in _OF_EVERY_RECORD:
                fields[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            fields["traceback"] = frames(record.exc_info[1])
        return self._encode(fields)
