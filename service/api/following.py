"""Takes up changes of files while the service runs. Belongs to the event loop."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

_LOOK_SECONDS = 1.0


class Followed(Protocol):
    """What was read from files, and is read again, in a thread."""

    def changed(self) -> bool:
        """Whether the files are others than they were when `look` was called last."""

    def look(self) -> None:
        """Takes them up as they are now. Raises nothing: what is wrong goes to the log."""


async def follow(files: Sequence[Followed]) -> None:
    """Looks after all of them, in their order, until it is cancelled."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.to_thread(_look, files)


def _look(files: Sequence[Followed]) -> None:
    for file in files:
        if file.changed():
            file.look()
