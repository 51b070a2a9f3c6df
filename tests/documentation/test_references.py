"""What the pages name exists: files, headings, make targets, commands and their flags, settings."""

import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from itertools import takewhile
from pathlib import Path

import pytest

from service import __version__
from service.settings import Settings
from tests.documentation.markdown import ROOT, anchors, commands, links, pages
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


@pytest.mark.parametrize("words", sorted(COMMANDS), ids=" ".join)
def test_commands_and_their_flags_exist(words: tuple[str, ...]) -> None:
    result = subprocess.run(
        [sys.executable, "-m", *words, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    known = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", result.stdout))
    assert known >= COMMANDS[words]


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
