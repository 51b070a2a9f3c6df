"""A file of lines that grows under another name and gets its own when it is whole.

So an interrupted command goes on where it stopped, and what lies under the name asked for is
complete. Knows nothing about what a line says but the text that it is about.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from training.run_folder import RunError


@dataclass(frozen=True)
class Contents:
    """What is to be written: a header, and a line for each text.

    lines: those of some texts, each with its end. texts_of: the texts of lines as they were
    written, the header among them; raises DataError, with the path it is given, for others.
    """

    header: str
    texts: Sequence[str]
    lines: Callable[[Sequence[str]], Iterable[str]]
    texts_of: Callable[[Sequence[str], Path], Sequence[str]]


def require_new_file(out: Path) -> None:
    """Raises RunError where something lies already."""
    if out.exists():
        raise RunError(f"{out} is there already; name another file (--out), or remove it")


def first_sources(texts: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Each text once, with the first of the sources that have it. texts: by their source."""
    sources: dict[str, str] = {}
    for source, some in texts.items():
        for text in some:
            sources.setdefault(text, source)
    return sources


def write_growing(contents: Contents, out: Path, chunk: int, quiet: bool = False) -> None:
    """Write the file, ``chunk`` texts at a time. Raises RunError, and what `lines` raises."""
    require_new_file(out)
    partial = out.with_name(out.name + ".partial")
    out.parent.mkdir(parents=True, exist_ok=True)
    done = _begun(partial, contents)
    texts = contents.texts
    with (
        partial.open("a", encoding="utf-8") as file,
        tqdm(total=len(texts), initial=done, unit="text", disable=quiet or None) as bar,
    ):
        if not partial.stat().st_size:
            file.write(contents.header)
        for start in range(done, len(texts), chunk):
            some = texts[start : start + chunk]
            file.writelines(contents.lines(some))
            file.flush()
            bar.update(len(some))
    partial.replace(out)


def _begun(partial: Path, contents: Contents) -> int:
    """How many texts an interrupted command has written; a torn last line is cut off.

    Raises RunError where it was another command.
    """
    if not partial.exists():
        return 0
    content = partial.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    # Not splitlines, to which some characters inside a text are line ends too.
    lines = whole.decode("utf-8").split("\n")[:-1]
    if lines:
        same = lines[0] + "\n" == contents.header
        written = list(contents.texts_of(lines, partial)) if same else []
        if not same or written != list(contents.texts[: len(written)]):
            raise RunError(
                f"{partial} was begun with other teachers or other texts; remove it, or name "
                "another file (--out)"
            )
    if len(whole) < len(content):
        with partial.open("r+b") as file:
            file.truncate(len(whole))
    return max(len(lines) - 1, 0)
