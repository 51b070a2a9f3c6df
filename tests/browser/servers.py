"""Servers for the browser: processes of their own, on ports of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread, Timer

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0  # seconds: a server that says no more by then never will


@contextmanager
def serving(models: Path, *flags: str) -> Iterator[str]:
    """The address of a server of a folder of models, ready to answer."""
    command = [sys.executable, "-m", "service", "serve", "--models", str(models), "--port", "0"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GATEHOUSE_") and name not in ("HOST", "PORT")
    }
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", *flags],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    patience = Timer(PATIENCE, process.kill)  # which ends the wait for its next line
    patience.start()
    try:
        assert process.stderr is not None
        address = ""
        ready = 0
        # The server says that it accepts requests, and of every model that its newest version is
        # ready.
        names = {manifest.parents[1] for manifest in models.glob("*/*/manifest.json")}
        while not address or ready <= len(names):
            line = process.stderr.readline()
            assert line, f"the server ended with {process.wait()}"
            listening = re.search(r"listening on (http://\S+:\d+)", line)
            address = listening[1] if listening else address
            ready += line.endswith((" is ready\n", "accepting requests\n"))
        patience.cancel()
        # A log that nobody reads on would stop the server once the pipe is full.
        rest = Thread(target=process.stderr.read)
        rest.start()
        try:
            yield address
        finally:
            process.kill()
            rest.join()
    finally:
        patience.cancel()
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
