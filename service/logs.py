"""Structured logging: lines of text or of JSON, with the request's id in every record.

No record may hold a user's text. Messages of exceptions can (a KeyError quotes its key), so
tracebacks are written without them: frames and types only. The id of the current request is a
context variable: each request's task, and each thread that computes for it, sees its own.
"""

import logging
import sys
import traceback
from contextvars import ContextVar
from types import TracebackType
from typing import Literal, TextIO

from pythonjsonlogger.json import JsonFormatter

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


def configure_logging(
    level: str, log_format: Literal["text", "json"], stream: TextIO | None = None
) -> None:
    """Sends all records of the process, uvicorn's included, to one stream (default stderr)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.addFilter(_add_request_id)
    handler.setFormatter(_JsonLines() if log_format == "json" else _TextLines())
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


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True


class _TextLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        # One record is one line, whatever a message holds; only tracebacks take several.
        record.message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        record.asctime = self.formatTime(record)
        line = self.formatMessage(record)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802
        return frames(ei[1]) if ei[1] is not None else ""


class _JsonLines(JsonFormatter):
    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
            timestamp=True,
        )

    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        log_data.pop("color_message", None)  # uvicorn's copy of the message for terminals
        return super().process_log_record(log_data)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802
        return frames(ei[1]) if ei[1] is not None else ""
