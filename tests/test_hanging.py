"""What a test has started and waits for in vain tells where it stands."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

# A process, started by a process that waits for it, started by what would be a test.
SLEEPS = "import time; print('here', flush=True); time.sleep(600)"
WAITS = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPS!r}])"
STARTS = f"""
import subprocess, sys
from tests.hanging import abort_children
process = subprocess.Popen([sys.executable, "-c", {WAITS!r}], stdout=subprocess.PIPE)
process.stdout.readline()
abort_children()
sys.exit(process.wait())
"""


def test_processes_end_with_their_stacks() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STARTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 256 - 6
    assert ended.stderr.count("Fatal Python error: Aborted") == 2
    assert "line 1 in <module>" in ended.stderr
