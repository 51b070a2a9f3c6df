"""How large the study is."""

from dataclasses import dataclass

from training.networks.cells.names import CellName

CELL_NAMES: tuple[CellName, ...] = (
    "rnn", "lstm-1997", "lstm", "peephole", "peephole-identity", "gru",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """The same budget for every cell: updates, sequences, and weights (`units_of`)."""

    gaps: tuple[int, ...] = (5, 10, 20, 50, 100)  # steps; each at least 2
    learning_rates: tuple[float, ...] = (3e-3, 1e-3)  # the better one is reported
    seeds: tuple[int, ...] = (1, 2)
    updates: int = 2000  # at most: training ends when the task is solved
    batch: int = 32  # sequences
    units: int = 32  # of an LSTM; the others have as many weights
    look_every: int = 100  # updates
    look_rows: int = 512  # sequences of a look
    test_rows: int = 2000
    solved: float = 0.99  # share of right answers at two looks in a row
    measured: tuple[int, ...] = (20, 100)  # gaps after whose training gradients are measured
    distance: int = 500  # steps over which they are


FULL = Settings()
QUICK = Settings(
    gaps=(4, 16), learning_rates=(5e-3,), seeds=(1,), updates=150, units=12, look_every=50,
    look_rows=256, test_rows=500, measured=(16,), distance=60,
)  # fmt: skip
