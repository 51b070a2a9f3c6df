"""How many processor cores this process may use.

The host's count is the wrong answer in a container: the quota of the control group and the
affinity mask both lower it. Reads files of the kernel; knows nothing about threads or sessions.
"""

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def available_cores(cgroup: Path = _CGROUP) -> int:
    """Cores allowed by affinity and by the CPU quota (rounded up), at least 1.

    ``cgroup`` is where the control group's files are mounted (version 2, then version 1).
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # macOS has no affinity masks
        cores = os.cpu_count() or 1
    quota = _quota(cgroup)
    return max(1, cores if quota is None else min(cores, math.ceil(quota)))


def _quota(cgroup: Path) -> float | None:
    """Cores' worth of time that the scheduler grants; None where there is no limit."""
    try:
        quota, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu" / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (cgroup / "cpu" / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None
    try:
        granted, window = float(quota), float(period)  # "max" is no number: no limit
    except ValueError:
        return None
    return granted / window if granted > 0 and window > 0 else None
