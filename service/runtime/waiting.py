"""The order in which waiting rows are served. Pure: no clock, no threads.

Two classes: the rows of small requests come first, in the order in which they arrived; those of
bulk requests come behind them, a turn for each request, so that a long list does not hold up a
short one. Bulk is never starved: after `PATIENCE` turns without it, it comes first once.
"""

from collections import deque
from collections.abc import Callable, Sequence

from service.runtime.job import Item

PATIENCE = 4
_SCAN = 512  # rows looked at in a turn


class WaitingQueue:
    """Rows that wait, owned by one engine."""

    def __init__(self) -> None:
        self._small: deque[Item] = deque()
        self._bulk: deque[deque[Item]] = deque()  # one a request
        self._rows = 0
        self._passed_over = 0  # turns in a row in which bulk waited and got nothing

    def __len__(self) -> int:
        """Rows that wait, those of requests that are over among them until they are met."""
        return self._rows

    def push(self, items: Sequence[Item], bulk: bool) -> None:
        """Add the rows of a request."""
        self._rows += len(items)
        if bulk:
            self._bulk.append(deque(items))
        else:
            self._small.extend(items)

    def take(
        self, accept: Callable[[Item], bool], limit: int, in_order: bool = False
    ) -> list[Item]:
        """One turn: up to `limit` rows that `accept` wants, asked in their order.

        Rows that it does not want keep their places; those of requests that are over are dropped.
        in_order: ask no further in a queue once a row is not wanted, so that a row which needs
        much room is not passed by others for ever.
        """
        bulk_first = self._passed_over >= PATIENCE and len(self._bulk) > 0
        taken: list[Item] = []
        if bulk_first:
            self._take_bulk(taken, accept, limit, in_order)
        from_bulk = len(taken)
        all_asked = self._take(self._small, taken, accept, limit, in_order)
        if not bulk_first and all_asked:
            from_bulk = -len(taken)
            self._take_bulk(taken, accept, limit, in_order)
            from_bulk += len(taken)
        if from_bulk or not self._bulk:
            self._passed_over = 0
        elif taken:
            self._passed_over += 1
        return taken

    def clear(self) -> list[Item]:
        """Forget all rows, and return them."""
        items = [*self._small, *(item for queue in self._bulk for item in queue)]
        self._small.clear()
        self._bulk.clear()
        self._rows = 0
        return items

    def _take_bulk(
        self, taken: list[Item], accept: Callable[[Item], bool], limit: int, in_order: bool
    ) -> None:
        asked: list[deque[Item]] = []  # in vain: they stay in front
        served: list[deque[Item]] = []  # their turn is over
        all_asked = True
        while self._bulk and all_asked and len(taken) < limit:
            queue = self._bulk.popleft()
            before = len(taken)
            all_asked = self._take(queue, taken, accept, limit, in_order)
            if queue:
                (served if len(taken) > before else asked).append(queue)
        self._bulk.extendleft(reversed(asked))
        self._bulk.extend(served)

    def _take(
        self,
        queue: deque[Item],
        taken: list[Item],
        accept: Callable[[Item], bool],
        limit: int,
        in_order: bool,
    ) -> bool:
        """Ask one queue. Whether the next one is to be asked too."""
        kept: list[Item] = []
        while queue and len(taken) < limit and len(kept) < _SCAN:
            item = queue.popleft()
            if item.job.over:
                self._rows -= 1
            elif accept(item):
                self._rows -= 1
                taken.append(item)
            else:
                kept.append(item)
                if in_order:
                    break
        queue.extendleft(reversed(kept))
        return not (in_order and kept)
