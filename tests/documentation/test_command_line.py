"""The help texts of docs/command-line.md are those of the parser.

What its console blocks show is compared in test_sessions.py.
"""

import subprocess
import sys

from tests.documentation.help_reference import COMMANDS, MARK, PAGE, reference
from tests.documentation.markdown import ROOT, examples


def test_the_help_texts_are_current() -> None:
    _, _, generated = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert generated == reference(), "run make docs"


def test_every_command_has_its_help_text() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "service", "--help"], cwd=ROOT, capture_output=True, text=True
    )
    commands = {line.split()[0] for line in listed.stdout.splitlines() if line[:4] == " " * 4}
    commands = {name for name in commands if name.isalpha()} - {"COMMAND"}
    assert commands >= {"predict", "translate", "models"}
    # Of serve, docs/settings.md has every setting.
    assert commands - {"serve"} == {command.split()[0] for command in COMMANDS if command}


def test_the_page_shows_commands_at_work() -> None:
    # Which test_sessions.py runs.
    assert sum("-m service" in example.command for example in examples(PAGE)) >= 5
