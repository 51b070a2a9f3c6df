"""How long a thread may compute before the system looks who else waits (Linux 6.12 and later).

A thread that asks for short slices comes sooner to its turn when it wakes, and gets no more of the
processor: its deadline is that of a short piece of work (Stoica and Abdel-Wahab 1995, "Earliest
Eligible Virtual Deadline First", which Linux's fair scheduler is built on). Everybody may ask for
his own threads. Older kernels do not listen, other systems are not asked.
"""

import ctypes
import platform
import struct
import sys
import threading

SHORT = 0.0001  # seconds; the least there is: for what answers, and is soon done
LONG = 0.01  # for what computes without a pause: it is interrupted half as often

# System calls that the C library has no functions for: (set, get), by machine.
_CALLS = {"x86_64": (314, 315), "aarch64": (274, 275)}
# struct sched_attr: size, policy, flags, nice, priority, and the slice in nanoseconds; deadline
# and period are those of another policy.
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")
_FAIR = (0, 3)  # SCHED_OTHER and SCHED_BATCH


def ask_for_slice(seconds: float) -> bool:
    """Ask for slices of that length for the calling thread, and for those that it will start.

    Whether the system took note. Policy and niceness stay as they are; a thread of a policy that
    has no slices is left alone.
    """
    calls = _calls()
    if calls is None:
        return False
    attributes = _attributes(calls[1])
    if attributes is None or attributes[1] not in _FAIR:
        return False
    attributes[5] = round(seconds * 1e9)
    content = ctypes.create_string_buffer(_ATTRIBUTES.pack(*attributes))
    return _call(calls[0], content, 0)


def current_slice() -> float | None:
    """The slice of the calling thread in seconds, 0 on old kernels; None where nobody can tell."""
    calls = _calls()
    attributes = None if calls is None else _attributes(calls[1])
    return None if attributes is None else attributes[5] / 1e9


def _calls() -> tuple[int, int] | None:
    """The numbers of the two calls; None where nobody knows them."""
    return _CALLS.get(platform.machine()) if sys.platform == "linux" else None


def _attributes(number: int) -> list[int] | None:
    """The fields of struct sched_attr of the calling thread."""
    content = ctypes.create_string_buffer(_ATTRIBUTES.size)
    if not _call(number, content, _ATTRIBUTES.size, 0):
        return None  # a sandbox forbids it
    return list(_ATTRIBUTES.unpack(content.raw[: _ATTRIBUTES.size]))


def _call(number: int, content: "ctypes.Array[ctypes.c_char]", *arguments: int) -> bool:
    call = ctypes.CDLL(None).syscall
    whole = [ctypes.c_long(argument) for argument in (number, threading.get_native_id())]
    rest = [ctypes.c_long(argument) for argument in arguments]
    return int(call(*whole, content, *rest)) == 0
