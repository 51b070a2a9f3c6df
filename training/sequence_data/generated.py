"""Generated sequences as data of a recipe."""

from service.artifact import Source
from training.data.errors import DataError

GENERATED = ("dinner", "seasons", "weather")
SEED = 1  # of generated data: a run's own seed draws weights, not other data


def described(source: str, rows: int) -> Source:
    """What is said of generated data in a manifest. rows: that were trained on."""
    return Source(name=source, url="", license="generated; no rights", rows=rows)


def unknown(source: str, known: str) -> DataError:
    """The error for a source that a target does not know."""
    return DataError(
        f'no data "{source}" is known for this target; known are {known}, or name a file (--data)'
    )
