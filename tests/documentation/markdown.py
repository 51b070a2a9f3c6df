"""Reads the project's Markdown: fenced blocks, commands, links, headings.

It knows nothing about what the commands do, and runs none. What it understands is what the
project's own pages use, not all of Markdown.
"""

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_NEXT_FENCE = re.compile(r"\s*```text\n(?P<body>.*?)^```\s*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A command of a console block, and the output that the page shows for it."""

    page: str
    line: int
    command: str
    output: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """The Markdown files of the project."""
    folders = [ROOT / "docs", ROOT / "models", ROOT / "training"]
    # Not below benchmarks/: the environments of the peers hold pages of others.
    pages = [*ROOT.glob("*.md"), *(ROOT / "benchmarks").glob("*.md")]
    return sorted([*pages, *(page for f in folders for page in f.rglob("*.md"))])


def examples(page: Path) -> list[Example]:
    """The commands of the page's console blocks, in order.

    A command starts with `$ ` and goes on while its lines end in a backslash or a quotation is
    open; the lines below it, up to the next command, are its output.
    """
    text = page.read_text(encoding="utf-8")
    found: list[Example] = []
    for fence in _FENCE.finditer(text):
        if fence["language"] != "console":
            continue
        first = text.count("\n", 0, fence.start("body")) + 1
        for number, line in enumerate(fence["body"].splitlines(), start=first):
            if line.startswith("$ "):
                found.append(Example(page.name, number, line[2:], ""))
            elif unfinished(found[-1].command):
                found[-1] = replace(found[-1], command=f"{found[-1].command}\n{line}")
            else:
                found[-1] = replace(found[-1], output=f"{found[-1].output}{line}\n")
    return found


@dataclass(frozen=True)
class Program:
    """A code block, and the output that the page shows for it."""

    page: str
    line: int
    language: str
    source: str
    output: str

    @property
    def file(self) -> str | None:
        """The name that the program gives itself in its first line, a comment; else None."""
        named = re.match(r"(?:#|//) (\w+\.(?:py|mjs))\b", self.source)
        return named[1] if named else None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def programs(page: Path) -> list[Program]:
    """The page's Python and JavaScript blocks, in order, each a whole program.

    A text block right below one, with nothing but white space between them, is its output.
    """
    text = page.read_text(encoding="utf-8")
    found: list[Program] = []
    for fence in _FENCE.finditer(text):
        if fence["language"] not in ("python", "js"):
            continue
        line = text.count("\n", 0, fence.start("body")) + 1
        output = _NEXT_FENCE.match(text, fence.end())
        found.append(
            Program(
                page.name, line, fence["language"], fence["body"], output["body"] if output else ""
            )
        )
    return found


def drawn_pictures(page: Path) -> list[Path]:
    """The pictures in the page that its own programs draw, under the same names."""
    named = "\n".join(program.source for program in programs(page))
    shown = (page.parent / link for link in links(page.read_text(encoding="utf-8")))
    return [path for path in shown if path.suffix == ".png" and f'"{path.name}"' in named]


def unfinished(command: str) -> bool:
    """Whether a shell would wait for another line."""
    try:
        shlex.split(command)
    except ValueError:  # a quotation or a backslash at the end
        return True
    return False


def commands(page: Path) -> list[str]:
    """Everything in a page that a reader may type: console and shell blocks, `code` in prose."""
    text = page.read_text(encoding="utf-8")
    typed = [example.command for example in examples(page)]
    for fence in _FENCE.finditer(text):
        if fence["language"] in ("sh", "bash"):
            typed += fence["body"].replace("\\\n", " ").splitlines()
    prose = re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
    return [command.replace("\\\n", " ") for command in typed + prose]


def links(text: str) -> list[str]:
    """The targets of links and images inside the project: `path`, `path#part`, `#part`."""
    targets = re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", text))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """The parts of a page that a link can name, as GitHub derives them from headings."""
    headings = re.findall(r"^#+ +(.+?)\s*$", _FENCE.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}
