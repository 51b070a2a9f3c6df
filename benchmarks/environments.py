"""A virtual environment for each peer: their pins conflict with each other and with ours.

Made once, below `.environments/`, from the peer's pinned requirements; made again when these or the
interpreter change.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".environments"
_PATIENCE = 900  # seconds for one installation


class InstallError(RuntimeError):
    """A peer could not be installed."""


def python_of(name: str) -> Path:
    """The interpreter of a peer's environment, which is made where it is not there yet.

    Raises InstallError.
    """
    folder = FOLDER / name
    python = folder / "bin" / "python"
    requirements = HERE / "systems" / name / "requirements.txt"
    wanted = hashlib.sha256(
        requirements.read_bytes() + platform.python_version().encode()
    ).hexdigest()
    stamp = folder / ".requirements"
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([
        str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet",
        "--requirement", str(requirements),
    ])  # fmt: skip
    stamp.write_text(wanted, encoding="ascii")
    return python


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise InstallError(f"took more than {_PATIENCE} seconds") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "ERROR" in line] or [
            "no reason given"
        ]
        raise InstallError(lines[-1])
