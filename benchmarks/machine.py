"""What was measured on what: processor, memory, kernel, versions, and the cores that are used.

Names no host, user or folder. Linux only.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path

PACKAGES = (
    "onnxruntime", "numpy", "sentencepiece", "fastapi", "starlette", "uvicorn", "uvloop",
    "httptools", "torch",
)  # fmt: skip


def keep_to_cores(count: int) -> list[int]:
    """Restrict this process, and all that it starts, to the first cores it may use.

    Returns their numbers: fewer than `count` where there are no more.
    """
    cores = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, cores)
    return cores


def machine() -> dict[str, str]:
    """The machine in words."""
    return {
        "processor": _processor(),
        "cores of the machine": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


def load_average() -> float:
    """Processes that wanted to run in the last minute, on average."""
    return os.getloadavg()[0]


def own_versions() -> dict[str, str]:
    """Versions of what the service computes and answers with."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def versions_in(python: str) -> dict[str, str]:
    """Versions of all packages that another interpreter sees, by name in lower case."""
    program = (
        "import importlib.metadata as m, json;"
        "print(json.dumps({d.name.lower(): d.version for d in m.distributions()}))"
    )
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def wrk_version() -> str:
    """wrk's own words, or that it is missing."""
    try:
        done = subprocess.run(["wrk", "--version"], capture_output=True, text=True)
    except OSError:
        return "missing"
    first = (done.stdout + done.stderr).splitlines()[0]
    return first.partition(" [")[0]


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    facts = {
        key.strip(): value.strip()
        for key, _, value in (line.partition(":") for line in text.splitlines())
    }
    flags = facts.get("flags", "").split()
    extras = [name for name in ("avx2", "avx512_vnni", "avx_vnni", "amx_int8") if name in flags]
    name = facts.get("model name", platform.machine())
    return f"{name} ({', '.join(extras)})" if extras else name
