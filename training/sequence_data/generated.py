"""Generated sequences as data of a recipe."""

from training.data.errors import DataError

GENERATED = ("dinner", "seasons", "weather")
SEED = 1  # of generated data: a run's own seed draws weights, not other data


def unknown(source: str, known: str) -> DataError:
    """The error for a source that a target does not know."""
    return DataError(
        f'no data "{source}" is known for this target; known are {known}, or name a file (--data)'
    )
