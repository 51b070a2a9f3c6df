"""What the pages name exists: files, headings, make targets, commands and their flags, settings."""

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest

from service import __version__
from service.settings import PREFIX, Settings, variable
from tests.documentation.markdown import ROOT, anchors, commands, links, pages, programs
from tests.documentation.settings_reference import PAGE, reference

REQUIRED = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "settings.md"}


def documented_commands() -> dict[tuple[str, ...], set[str]]:
    """`python -m service` and `python -m training` as the pages write them: words to flags."""
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for page in pages():
        for command in commands(page):
            for module, rest in re.findall(
                r"python -m (service|training|benchmarks)(?![\w.])([^|;&#]*)", command
            ):
                words = takewhile(re.compile(r"[a-z][a-z0-9-]*").fullmatch, rest.split())
                found[module, *words] |= set(re.findall(r"(?<=\s)--[a-z][a-z-]*", rest))
    return found


COMMANDS = documented_commands()
PRESENT = [page for page in pages() if page.name != "CHANGELOG.md"]  # which tells of the past too
DEPLOYMENT = [ROOT / "Dockerfile", ROOT / "compose.yaml"]


def test_the_pages_are_there() -> None:
    assert {page.name for page in pages()} >= REQUIRED


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in links(text):
        path, _, part = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name} links to {link}, which does not exist"
        if part:
            known = anchors(target.read_text(encoding="utf-8"))
            assert part in known, f"{page.name} links to {link}; headings there: {sorted(known)}"


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    for page in pages():
        for command in commands(page):
            called = re.match(r"(?:[A-Z_]+=\S* )*make((?: [A-Z_]+=\S*)*) ([a-z-]+)", command)
            if called:
                assert called[2] in targets, f"{page.name} names `{command}`"


@cache
def flags_of(words: tuple[str, ...]) -> set[str]:
    """The flags that a command's help names."""
    result = subprocess.run(
        [sys.executable, "-m", *words, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", result.stdout))


@pytest.mark.parametrize("words", sorted(COMMANDS), ids=" ".join)
def test_commands_and_their_flags_exist(words: tuple[str, ...]) -> None:
    assert flags_of(words) >= COMMANDS[words]


@pytest.mark.parametrize("page", PRESENT, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_flags_in_prose_are_those_of_some_command(page: Path) -> None:
    known = set().union(*map(flags_of, COMMANDS))
    for command in commands(page):
        if command.startswith("--"):
            named = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", command))
            # argparse knows each flag that is true or false by its opposite, too.
            assert {flag for flag in named if re.sub("^--no-", "--", flag) not in known} <= known


@pytest.mark.parametrize(
    "file", [*PRESENT, *DEPLOYMENT], ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_variables_are_those_of_settings(file: Path) -> None:
    known = set(map(variable, Settings.model_fields))
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", file.read_text(encoding="utf-8"))) <= known


def test_programs_compile() -> None:
    for page in pages():
        for program in programs(page):
            if program.language == "python":
                compile(program.source, str(program), "exec")


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_reference_of_the_settings_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run make docs"


def test_one_version_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[?{re.escape(__version__)}\b", changelog, re.MULTILINE)
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f'image.version="{__version__}"' in dockerfile
