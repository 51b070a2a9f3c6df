"""Writes a run whose weights no training of its own made: read out of a version, or averaged.

It holds what others take over from a run. It has no checkpoint, so that it cannot go on itself.
"""

from collections.abc import Mapping

from torch import Tensor

from training.run_folder import RunFolder
from training.run_settings import RunSettings


def write_made_run(
    run: RunFolder, settings: RunSettings, files: Mapping[str, bytes], weights: Mapping[str, Tensor]
) -> None:
    """files: by name, what the network cannot be used without. Raises RunError where a run lies."""
    run.create()
    for name, content in files.items():
        run.write_bytes(run.path / name, content)
    run.write_tensors(run.best, weights)
    # Written last: a folder with a recipe is a run.
    settings.write(run)
