"""Brings datasets into a data root: from their official addresses, or from a mirror folder.

A file is written under a temporary name, checked, and renamed, so that whatever carries its real
name is whole. SHA256SUMS in the root records what was fetched; a second run verifies and skips it.
This module runs in the caller's thread and knows nothing about what the files hold.
"""

import gzip
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from training.data.checksums import SUMS, digest_of, matches, read_sums, write_sums
from training.data.errors import DataError
from training.data.registry import DataFile, Dataset, dataset
from training.data.rows import count_rows

_CHUNK = 1 << 18  # bytes
_TIMEOUT = 60.0  # seconds without a byte
# manythings.org refuses the default agent of urllib.
_HEADERS = {"User-Agent": "gatehouse-training/0.1"}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one dataset: files brought, files that were there already, rows by part.

    `note` says how the rows differ from those expected of a dataset that changes at its source.
    """

    name: str
    brought: tuple[str, ...]
    present: tuple[str, ...]
    rows: dict[str, int]
    note: str = ""


def _copy(source: BinaryIO, target: Path, total: int | None, name: str, progress: bool) -> int:
    """Copies a stream with a progress bar; returns the number of bytes."""
    received = 0
    with (
        target.open("wb") as sink,
        tqdm(
            total=total, desc=name, unit="B", unit_scale=True, leave=False, disable=not progress
        ) as bar,
    ):
        while chunk := source.read(_CHUNK):
            sink.write(chunk)
            received += len(chunk)
            bar.update(len(chunk))
    return received


def _download(file: DataFile, url: str, temporary: Path, progress: bool) -> None:
    advice = "check the network, or pass --mirror DIR with a folder that holds the dataset"
    try:
        request = urllib.request.Request(url, headers=_HEADERS)
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            length = response.headers.get("Content-Length")
            total = int(length) if length and length.isdigit() else None
            received = _copy(response, temporary, total, file.name, progress)
    except urllib.error.HTTPError as error:
        raise DataError(
            f"{url} answered {error.code} {error.reason}; the file may have moved: fetch it by "
            f"hand, or pass --mirror DIR with a folder that holds the dataset"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(f"{url} cannot be fetched: {reason}; {advice}") from error
    if total is not None and received != total:
        raise DataError(f"{url} ended after {received:,} of {total:,} bytes; {advice}")
    if file.checksum is not None and not matches(temporary, file.checksum):
        raise DataError(f"{url} does not have the documented checksum {file.checksum}")
    if file.gzipped_here:
        packed = temporary.with_name(temporary.name + ".gz")
        with (
            temporary.open("rb") as plain,
            packed.open("wb") as sink,
            # Without a time and a name the same content gives the same bytes.
            gzip.GzipFile(filename="", fileobj=sink, mode="wb", mtime=0) as compressed,
        ):
            shutil.copyfileobj(plain, compressed)
        packed.replace(temporary)


def _copy_from_mirror(
    source: Path, expected: str | None, temporary: Path, name: str, progress: bool
) -> None:
    if not source.is_file():
        raise DataError(f"the mirror has no {source}; expected the same layout as a data root")
    with source.open("rb") as content:
        _copy(content, temporary, source.stat().st_size, name, progress)
    if expected is not None and digest_of(temporary) != expected:
        raise DataError(f"{source} does not match SHA256SUMS of the mirror; copy the mirror again")


def _is_intact(path: Path, recorded: str | None, alternatives: Sequence[str | None]) -> bool:
    """Whether a file that is there is the one that was recorded, or one of the known forms.

    A file about which nothing is known counts as intact: its rows are counted afterwards.
    """
    if not path.is_file():
        return False
    if recorded is not None:
        return matches(path, f"sha256:{recorded}")
    known = [checksum for checksum in alternatives if checksum is not None]
    return not known or any(matches(path, checksum) for checksum in known)


def _row_note(wanted: Dataset, rows: dict[str, int]) -> str:
    """How the rows differ from the expected ones. Raises DataError where they may not."""
    differing = [
        f"{part}: {rows.get(part, 0):,} rows where {count:,} were expected"
        for part, count in wanted.rows.items()
        if rows.get(part, 0) != count
    ]
    if not differing:
        return ""
    message = f"{wanted.name}: {'; '.join(differing)}"
    if not wanted.versioned or not all(rows.get(part, 0) for part in wanted.rows):
        raise DataError(f"{message}; delete its folder and fetch it again")
    return f"{message}; its source has changed since the numbers were noted"


def _fetch_one(wanted: Dataset, root: Path, mirror: Path | None, progress: bool) -> Fetched:
    recorded = read_sums(root)
    mirrored = read_sums(mirror) if mirror is not None else {}
    brought: list[str] = []
    present: list[str] = []
    new_sums: dict[str, str] = {}
    for file in wanted.files:
        key = f"{wanted.name}/{file.name}"
        target = root / wanted.name / file.name
        of_mirror = mirrored.get(key)
        alternatives = (file.checksum, f"sha256:{of_mirror}" if of_mirror else None)
        if _is_intact(target, recorded.get(key), alternatives):
            present.append(file.name)
            continue
        if mirror is None and file.url is None:
            state = f"differs from what {root / SUMS} records" if target.exists() else "is missing"
            raise DataError(
                f"{target} {state}, and {wanted.address} is a page without a file to download: "
                f"for {target.parent}, {wanted.manual_step}; or pass --mirror DIR with a folder "
                f"that holds the dataset"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{file.name}.part")
        try:
            if mirror is not None:
                source = mirror / wanted.name / file.name
                _copy_from_mirror(source, of_mirror, temporary, file.name, progress)
            elif file.url is not None:
                _download(file, file.url, temporary, progress)
            new_sums[key] = digest_of(temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        brought.append(file.name)
    if new_sums:
        write_sums(root, {**recorded, **new_sums})
    rows = count_rows(wanted.name, root)
    note = _row_note(wanted, rows)
    return Fetched(wanted.name, tuple(brought), tuple(present), rows, note)


def fetch(
    names: Sequence[str],
    root: Path,
    mirror: Path | None = None,
    progress: bool = True,
    report: Callable[[Fetched], None] | None = None,
) -> list[Fetched]:
    """Brings the named datasets into `root`, each file into the folder of its dataset.

    With `mirror`, a folder of the same layout, files are copied from there and checked against
    its SHA256SUMS where it has one; without it they come from their official addresses, checked
    against the official checksum where one is documented. What is there and intact is skipped.
    Afterwards the rows of each dataset are counted. `report` is called after each dataset.

    Raises DataError, which names the file or address and what to do, when a name is unknown, a
    download fails, a checksum or a number of rows is wrong, or the address is no file.
    """
    wanted = [dataset(name) for name in names]
    if mirror is not None and not mirror.is_dir():
        raise DataError(f"the mirror {mirror} is not a folder; expected the layout of a data root")
    if mirror is not None and mirror.resolve() == root.resolve():
        raise DataError(f"the mirror and the data root are the same folder, {root}")
    fetched = []
    for one in wanted:
        result = _fetch_one(one, root, mirror, progress)
        if report is not None:
            report(result)
        fetched.append(result)
    return fetched
