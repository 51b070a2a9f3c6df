"""The help texts in docs/command-line.md, made from the parser.

`python -m tests.documentation.help_reference` (make docs) writes them; a test fails when the page
has others.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

from service.cli import main
from tests.documentation.markdown import ROOT

PAGE = ROOT / "docs" / "command-line.md"
MARK = "<!-- generated: help texts -->\n"
COMMANDS = (
    "",
    "predict",
    "translate",
    "explain",
    "models list",
    "models verify",
    "models compare",
    "keys new",
    "keys list",
    "keys revoke",
)


def help_text(command: str) -> str:
    """What a command says of itself, in lines of at most 98 characters."""
    output = io.StringIO()
    with _columns("100"), redirect_stdout(output), suppress(SystemExit):
        main([*command.split(), "--help"], {})
    return output.getvalue()


def reference() -> str:
    """The generated part of the page."""
    blocks = (
        f"### {f'python -m service {command}'.strip()}\n\n```text\n{help_text(command)}```\n"
        for command in COMMANDS
    )
    return "\n" + "\n".join(blocks)


@contextmanager
def _columns(width: str) -> Iterator[None]:
    former = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = width  # where argparse looks for the width of the terminal
    try:
        yield
    finally:
        del os.environ["COLUMNS"]
        if former is not None:
            os.environ["COLUMNS"] = former


if __name__ == "__main__":
    written, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(written + mark + reference(), encoding="utf-8")
