"""The pictures of docs/tour.md, drawn by the page's own programs.

`python -m tests.documentation.tour_pictures` runs the page's commands, in about a minute, and
writes the pictures that they draw into docs/images.
"""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.documentation.markdown import ROOT, drawn_pictures
from tests.documentation.test_sessions import commands, folder_of_a_reader

PAGE = ROOT / "docs" / "tour.md"


def draw(folder: Path) -> list[Path]:
    """Run the page's commands in an empty folder; the pictures. Raises CalledProcessError."""
    folder_of_a_reader(PAGE, folder)
    for example in commands(PAGE):
        print(f"$ {example.command}", flush=True)
        subprocess.run(["/bin/sh", "-c", example.command], cwd=folder, check=True)
    pictures = drawn_pictures(PAGE)
    for picture in pictures:
        shutil.copyfile(folder / picture.name, picture)
    return pictures


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        for path in draw(Path(place)):
            print(path)
