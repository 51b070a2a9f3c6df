"""What an engine is given and what it gives back.

A `Job` is the work of one request for one model: rows of tokens, all answered together and exactly
once, by `Finished` or by `Failed`. It is made by whoever submits it; from then on only `cancelled`
is written from outside, and all else by the engine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from service.runtime.search import SearchOptions, SequenceSearch

if TYPE_CHECKING:  # imported where there is a generator
    from service.runtime.sampling import SamplingOptions


@dataclass(slots=True, eq=False)
class Item:
    """One row of a job."""

    job: "Job"
    index: int
    tokens: Sequence[int]
    search: SequenceSearch | None = None  # while it is decoded
    rows: list[int] = field(default_factory=list)  # of the decoder's batch, one a hypothesis


@dataclass(slots=True, eq=False)
class Job:
    """The rows of one request, and their results when they are there.

    Every way to end one is here: its last `complete`, `fail`, or `cancelled` from outside.
    """

    deliver: Callable[[list["Event"]], None]  # called by the engine's thread
    bulk: bool = False  # goes behind those that are not
    options: "SearchOptions | SamplingOptions | None" = None  # of a decoder
    stream: bool = False  # also say each token (of searches of one row)
    raw: bool = False  # results are what the graphs give: logits, hypotheses in tokens
    cancelled: bool = False  # nobody waits for it any more: it is dropped, and nothing delivered
    failed: bool = False
    results: list[Any] = field(default_factory=list)
    remaining: int = 0
    tokens: int = 0  # given
    tokens_out: int = 0  # decoded, over all rows' best hypotheses
    context: Any = None  # the submitter's own
    # Seconds of the engine's clock; 0 where it did not come to that.
    submitted: float = 0.0
    started: float = 0.0  # the first row left the queue
    encoded: float = 0.0
    first_token: float = 0.0
    finished: float = 0.0

    @property
    def over(self) -> bool:
        """Whether no result of it is wanted any more."""
        return self.cancelled or self.failed

    def items(self, rows: Sequence[Sequence[int]]) -> list[Item]:
        """The items of its rows, longest first, so that neighbours fit into a batch."""
        self.results = [None] * len(rows)
        self.remaining = len(rows)
        self.tokens = sum(map(len, rows))
        items = [Item(self, index, row) for index, row in enumerate(rows)]
        if len(items) > 1:
            items.sort(key=lambda item: -len(item.tokens))
        return items

    def complete(self, index: int, result: Any, now: float) -> "list[Event]":
        """Take the result of a row; says so if it was the last."""
        self.results[index] = result
        self.remaining -= 1
        if self.remaining or self.over:
            return []
        self.finished = now
        return [Finished(self)]

    def fail(self, error: BaseException) -> "list[Event]":
        """End with an error, unless it has ended."""
        if self.over:
            return []
        self.failed = True
        return [Failed(self, error)]


@dataclass(slots=True, frozen=True)
class Finished:
    """All results of a job are there."""

    job: Job


@dataclass(slots=True, frozen=True)
class Failed:
    """A job's batch could not be computed."""

    job: Job
    error: BaseException


@dataclass(slots=True, frozen=True)
class Token:
    """The next token of a row of a job that streams, or None at the row's end."""

    job: Job
    index: int
    token: int | None


Event = Finished | Failed | Token
