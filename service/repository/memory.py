"""Gives the memory of freed versions back to the system. Called by the repository's thread."""

import ctypes
import gc


def give_back() -> None:
    """Collects what a freed version leaves behind, and lets the C library keep none of it.

    A pipeline and its threads refer to each other, so that only a collection frees them, and of
    the weights glibc would keep most for later. The collection stops all threads: `service.cli`
    keeps it short by freezing all that was there before the first model.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
    if trim is not None:
        trim(0)
