"""The calls of the pages answer as the pages say, from a real server and the shipped models.

A console block shows a command after `$ ` and its output below. Commands that do not start with
curl are run in test_sessions.py. A Python block that calls the server is run as it
stands, by an interpreter that sees the installed packages and nothing of this checkout.
"""

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documentation.expectation import difference
from tests.documentation.markdown import ROOT, Example, Program, examples, pages, programs

SHOWN = "127.0.0.1:8000"
_LONGEST = 300  # seconds for what hangs else; none of them takes as many
CALLS = [
    example for page in pages() for example in examples(page) if example.command.startswith("curl ")
]

CLIENTS = [
    program
    for page in pages()
    for program in programs(page)
    if program.language == "python" and SHOWN in program.source
]


def clean_environment() -> dict[str, str]:
    """This process's variables, less those that would configure the service or a proxy."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GATEHOUSE_")
        and name not in ("HOST", "PORT")
        and not name.lower().endswith("_proxy")
    }


def ready_address(log: Path) -> str | None:
    """Where the service says that it listens, once it is ready there."""
    listening = re.search(r"listening on http://(\S+:\d+)", log.read_text(encoding="utf-8"))
    if not listening:
        return None
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{listening[1]}/health/ready", timeout=5):
            return listening[1]
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a service answers that serves models/, started as the pages say."""
    if not list((ROOT / "models").glob("*/*/manifest.json")):
        pytest.skip("models/ holds no model, so the answers of the pages cannot be checked")
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed, so the calls of the pages cannot be run")
    log: Path = tmp_path_factory.mktemp("documentation") / "service.log"
    serve = [sys.executable, "-m", "service", "serve", "--models", "models"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*serve, "--host", "127.0.0.1", "--port", "0"],
            cwd=ROOT,
            env=clean_environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        while not (address := ready_address(log)):
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"the service ended with {process.returncode}:\n{log.read_text()}")
        yield address
    finally:
        process.terminate()
        process.wait(_LONGEST)


def test_the_readme_shows_both_tasks() -> None:
    shown = "\n".join(call.command for call in CALLS if call.page == "README.md")
    assert "/predict" in shown
    assert "/translate" in shown


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_calls_answer_as_shown(call: Example, address: str) -> None:
    assert SHOWN in call.command, f"{call} calls no http://{SHOWN}"
    result = subprocess.run(
        ["/bin/sh", "-c", call.command.replace(SHOWN, address)],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST,
    )
    assert result.returncode == 0, f"{call}: {result.stderr}"
    differs = difference(call.output.replace(SHOWN, address), result.stdout)
    assert differs is None, f"{call}: {differs}"


@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_programs_print_what_is_shown(client: Program, address: str) -> None:
    result = subprocess.run(
        # Isolated: neither this folder nor PYTHONPATH is where it finds modules.
        [sys.executable, "-I", "-c", client.source.replace(SHOWN, address)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST,
    )
    assert result.returncode == 0, f"{client}: {result.stderr}"
    differs = difference(client.output.replace(SHOWN, address), result.stdout)
    assert differs is None, f"{client}: {differs}"
