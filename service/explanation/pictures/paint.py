"""Paints an SVG as PNG: the program of the process that `service.explanation.pictures.png` runs.

Arguments: the folder of resvg_py, the file of the typeface, pixels of the PNG for one of the SVG,
and whether to look for further typefaces on this machine (1 or 0). SVG comes in, PNG goes out.
"""

import sys


def _main(folder: str, typeface: str, zoom: str, look_further: str) -> None:
    sys.path.append(folder)
    import resvg_py

    painted = resvg_py.svg_to_bytes(
        svg_string=sys.stdin.buffer.read().decode("utf-8"),
        zoom=float(zoom),
        font_files=[typeface],
        sans_serif_family="DejaVu Sans",
        font_family="DejaVu Sans",
        skip_system_fonts=look_further == "0",
    )
    sys.stdout.buffer.write(painted)


if __name__ == "__main__":
    _main(*sys.argv[1:])
