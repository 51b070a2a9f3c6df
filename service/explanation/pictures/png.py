"""Paints pictures as PNG, in a process of their own.

resvg keeps the interpreter's lock while it paints, up to seconds for a long text, and nothing else
in this process would be answered meanwhile. A process costs ten milliseconds, is as nice as the
thread that starts it, can be ended at once, and takes its memory along.
"""

import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from service.errors import NotAcceptable
from service.explanation.pictures import lettering
from service.explanation.pictures.drawing import Picture

logger = logging.getLogger(__name__)

NEEDED = "PNG needs the package resvg-py, which is not installed here; ask for an SVG"
_PROGRAM = Path(__file__).with_name("paint.py")
_SHARPNESS = 2.0  # pixels for one of the picture
_MOST_PIXELS = 12_000_000  # of 4 bytes; larger pictures are less sharp
_POLL = 0.1  # seconds after which somebody may not want it any more


class Unpaintable(NotAcceptable):
    """A picture that cannot be painted as PNG here and now; there is an SVG of it."""


def can_paint() -> bool:
    """Whether the package is there that paints."""
    return find_spec("resvg_py") is not None


def paint(picture: Picture, over: Callable[[], bool]) -> bytes:
    """The picture as PNG. over: whether nobody wants it any more, asked from time to time.

    Raises Unpaintable.
    """
    spec = find_spec("resvg_py")
    if spec is None or spec.origin is None:
        raise Unpaintable(NEEDED)
    zoom = min(_SHARPNESS, (_MOST_PIXELS / (picture.width * picture.height)) ** 0.5)
    # Searching a machine for typefaces takes a while, so only where ours has no such letters.
    look_further = not lettering.typeface().covers("".join(picture.characters))
    arguments = [str(Path(spec.origin).parents[1]), str(lettering.FILE)]
    arguments += [f"{zoom:.3f}", str(int(look_further))]
    try:
        status, painted, complaint = _run(arguments, picture.svg.encode("utf-8"), over)
    except OSError as error:  # no more processes, or no memory for one
        status, painted, complaint = -1, b"", str(error)
    if status != 0:
        logger.error("a picture could not be painted (status %d): %s", status, complaint)
        raise Unpaintable("the picture could not be painted as PNG; ask for an SVG")
    return painted


def _run(arguments: list[str], svg: bytes, over: Callable[[], bool]) -> tuple[int, bytes, str]:
    """Status, output and complaints of the program."""
    # Isolated and without site packages, which it does not need: it starts in half the time.
    command = [sys.executable, "-I", "-S", "-B", str(_PROGRAM), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            assert process.stdin is not None
            # All of it at once, and not by `communicate`, which forgets the rest at a timeout. The
            # program reads to the end before it writes.
            process.stdin.write(svg)
            process.stdin.close()
            process.stdin = None
            painted, complaint = _answer(process, over)
        except BaseException:
            process.kill()
            raise
    return process.returncode, painted, complaint.decode("utf-8", "replace")[-500:]


def _answer(process: subprocess.Popen[bytes], over: Callable[[], bool]) -> tuple[bytes, bytes]:
    while True:
        try:
            return process.communicate(timeout=_POLL)
        except subprocess.TimeoutExpired:
            if over():
                raise Unpaintable("nobody waits for the picture any more") from None
