"""A thread of low priority beside the engines, for work that takes long and is rarely asked for.

It computes one piece after the other, with an admission of its own. The worker's event loop owns
it; what is computed is not known here.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from service.api.admission import Admission
from service.api.inference import Call, Inference
from service.artifact import Artifact
from service.runtime.engine import EngineThread
from service.runtime.job import Job
from service.runtime.serial import SerialEngine, Work

Result = TypeVar("Result")


class WorkThread:
    """The thread, and who may wait for it."""

    def __init__(
        self, inference: Inference, name: str, niceness: int, admission: Admission
    ) -> None:
        self._inference = inference
        self.admission = admission
        self.thread = EngineThread(SerialEngine(), name, niceness)

    async def run(
        self, artifact: Artifact, size: int, compute: Callable[[Job], Result], call: Call
    ) -> Result:
        """What `compute` returns.

        size: how much work it is, beside that of others, which tells how long they wait. compute:
        called by the thread, with a job that is `over` once nobody wants the result any more.
        Raises as `Inference.run`.
        """
        piece = _Piece(artifact, self.thread, compute)
        results = await self._inference.run(piece, [range(size)], call, admission=self.admission)
        result: Result = results[0]
        return result

    def close(self) -> None:
        """End the thread."""
        self.thread.close()


class _Piece:
    """What `Inference` runs: a piece of work for the thread."""

    full_rows = 1

    def __init__(
        self, artifact: Artifact, thread: EngineThread, compute: Callable[[Job], object]
    ) -> None:
        self.artifact = artifact
        self._thread = thread
        self._compute = compute

    def submit(self, job: Job, rows: Sequence[Sequence[int]]) -> None:
        """Have it computed; rows: one, as long as the work is large."""
        (item,) = job.items(rows)
        self._thread.submit(job, [Work(job, item.tokens, lambda: self._compute(job))])
