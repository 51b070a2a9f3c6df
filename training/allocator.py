"""Sets up the C library's allocator for training. Knows nothing about torch.

Runs in the main thread, before anything is imported that allocates much.
"""

import os
import sys
from collections.abc import Sequence

# glibc returns large buffers to the kernel after every step; mapping them again costs more than
# the arithmetic (measured: half of the time of an epoch, most of it in page faults).
_ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000"}


def restart_with_allocator_settings(arguments: Sequence[str]) -> None:
    """Replace this process by ``python -m training`` with the allocator's settings.

    glibc reads them only when a process starts. Returns where they are set or would do nothing.
    """
    if sys.platform != "linux" or all(name in os.environ for name in _ALLOCATOR):
        return
    os.environ.update({name: os.environ.get(name, value) for name, value in _ALLOCATOR.items()})
    os.execv(sys.executable, [sys.executable, "-m", "training", *arguments])
