"""The other commands of the console blocks print what the pages show.

The commands of a page are run in their order, in one empty folder that stands for a reader's
checkout: `models` and `.venv/bin/python` are those of this one. Programs of the page that name
themselves in their first line lie in the folder too, and what they draw is of the size that the
page shows. Calls of a server are in test_examples.py.
"""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documentation.expectation import difference
from tests.documentation.markdown import ROOT, Example, drawn_pictures, examples, pages, programs
from tests.documentation.test_examples import clean_environment

NODE_MODULES = ROOT / "tests" / "javascript" / "node_modules"


def commands(page: Path) -> list[Example]:
    return [example for example in examples(page) if not example.command.startswith("curl ")]


def folder_of_a_reader(page: Path, folder: Path) -> None:
    (folder / "models").symlink_to(ROOT / "models")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    in_checkout, elsewhere = folder / ".venv" / "bin" / "python", folder / "bin" / "python"
    for path, command in (
        (in_checkout, f'PYTHONPATH="{ROOT}" exec "{sys.executable}" "$@"'),
        # Isolated: finds the installed packages and nothing of this checkout.
        (elsewhere, f'exec "{sys.executable}" -I "$@"'),
    ):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        path.chmod(0o755)
    for program in programs(page):
        if program.file:
            (folder / program.file).write_text(program.source, encoding="utf-8")


def png_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, from the file's header."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG"), f"{path} is no PNG"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


@pytest.mark.skipif(not list((ROOT / "models").glob("*/*")), reason="models/ holds no model")
@pytest.mark.parametrize(
    "page",
    [page for page in pages() if commands(page)],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_commands_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    folder_of_a_reader(page, tmp_path)
    environment = clean_environment()
    # The networks of the pages are small: beside other work, more threads only wait for each other.
    environment["OMP_NUM_THREADS"] = "1"
    environment["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{environment['PATH']}"
    node = shutil.which("node") is not None and NODE_MODULES.is_dir()
    for example in commands(page):
        if example.command.startswith("node ") and not node:
            continue  # test_exported_models.py skips, and says so
        result = subprocess.run(
            ["/bin/sh", "-c", example.command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        shows_an_error = "error:" in example.output
        assert (result.returncode != 0) == shows_an_error, f"{example}: {result.stderr}"
        differs = difference(example.output, result.stdout)
        assert differs is None, f"{example}: {differs}"
    for picture in drawn_pictures(page):
        assert png_size(tmp_path / picture.name) == png_size(picture), f"{picture.name} is old"
