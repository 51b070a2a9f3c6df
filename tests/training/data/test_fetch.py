"""Fetching: from a mirror, from an address, interrupted, damaged, and again."""

import gzip
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from training.data import fetch as fetching
from training.data.errors import DataError
from training.data.fetch import Fetched, fetch
from training.data.registry import DATASETS, DataFile, Dataset

UTTERANCES = 13_845
CHATS = json.dumps({"dlg": [{"speaker": "agent", "source": "a", "target": "b"}] * UTTERANCES})


def write_sums(folder: Path, names: list[str]) -> None:
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    (folder / "bcontrast").mkdir(parents=True)
    (folder / "bcontrast" / "train.json").write_text(CHATS)
    write_sums(folder, ["bcontrast/train.json"])
    return folder


@contextmanager
def served(answers: Mapping[str, bytes], cut: int = 0) -> Iterator[str]:
    """An HTTP server on this machine; leaves out the last `cut` bytes of what it announces."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = answers.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) - cut])

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: pytest's output is for pytest."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def at(monkeypatch: pytest.MonkeyPatch, name: str, file: DataFile) -> Dataset:
    """The dataset of that name with one file elsewhere, as `fetch` will find it."""
    dataset = replace(DATASETS[name], files=(file,))
    monkeypatch.setattr(fetching, "dataset", lambda _: dataset)
    return dataset


def everything(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_mirror_is_copied_once(tmp_path: Path, mirror: Path) -> None:
    root = tmp_path / "root"
    reports: list[Fetched] = []
    result = fetch(["bcontrast"], root, mirror, progress=False, report=reports.append)
    rows = {"utterances": UTTERANCES}
    assert result == reports == [Fetched("bcontrast", ("train.json",), (), rows)]
    assert everything(root) == {"SHA256SUMS", "bcontrast/train.json"}
    assert (root / "SHA256SUMS").read_text() == (mirror / "SHA256SUMS").read_text()
    assert fetch(["bcontrast"], root, mirror, progress=False) == [
        Fetched("bcontrast", (), ("train.json",), rows)
    ]
    # What was fetched is known without the mirror and without the network.
    assert fetch(["bcontrast"], root, progress=False)[0].present == ("train.json",)


def test_a_damaged_file_is_replaced(tmp_path: Path, mirror: Path) -> None:
    root = tmp_path / "root"
    fetch(["bcontrast"], root, mirror, progress=False)
    (root / "bcontrast" / "train.json").write_text("{}")
    assert fetch(["bcontrast"], root, mirror, progress=False)[0].brought == ("train.json",)
    assert (root / "bcontrast" / "train.json").read_text() == CHATS


def test_a_damaged_mirror_leaves_nothing_behind(tmp_path: Path, mirror: Path) -> None:
    (mirror / "bcontrast" / "train.json").write_text(CHATS + " ")
    root = tmp_path / "root"
    with pytest.raises(DataError, match=r"train\.json does not match SHA256SUMS of the mirror"):
        fetch(["bcontrast"], root, mirror, progress=False)
    assert everything(root) == set()


def test_a_mirror_without_checksums_will_do(tmp_path: Path, mirror: Path) -> None:
    (mirror / "SHA256SUMS").unlink()
    assert fetch(["bcontrast"], tmp_path / "root", mirror, progress=False)[0].brought


def test_a_mirror_that_is_none_is_named(tmp_path: Path, mirror: Path) -> None:
    root = tmp_path / "root"
    with pytest.raises(DataError, match=r"mirror has no .*imdb.*expected the same layout"):
        fetch(["imdb"], root, mirror, progress=False)
    with pytest.raises(DataError, match=r"nowhere is not a folder"):
        fetch(["bcontrast"], root, tmp_path / "nowhere", progress=False)
    with pytest.raises(DataError, match="are the same folder"):
        fetch(["bcontrast"], mirror, mirror, progress=False)
    (mirror / "SHA256SUMS").write_text("not a digest\n")
    with pytest.raises(DataError, match="SHA256SUMS, line 1: expected a SHA-256 digest and a path"):
        fetch(["bcontrast"], root, mirror, progress=False)


def test_an_unknown_name_is_answered_before_anything_is_fetched(
    tmp_path: Path, mirror: Path
) -> None:
    root = tmp_path / "root"
    with pytest.raises(DataError, match='no dataset is called "bcontrats"; there are imdb, sst'):
        fetch(["bcontrast", "bcontrats"], root, mirror, progress=False)
    assert not root.exists()


def test_rows_are_counted(tmp_path: Path, mirror: Path) -> None:
    (mirror / "bcontrast" / "train.json").write_text('{"dlg": []}')
    write_sums(mirror, ["bcontrast/train.json"])
    with pytest.raises(DataError, match="utterances: 0 rows where 13,845 were expected; delete"):
        fetch(["bcontrast"], tmp_path / "root", mirror, progress=False)
    (mirror / "bcontrast" / "train.json").write_text("{")
    write_sums(mirror, ["bcontrast/train.json"])
    with pytest.raises(DataError, match=r"bcontrast cannot be read: .*; fetch it again"):
        fetch(["bcontrast"], tmp_path / "other", mirror, progress=False)


def test_a_dataset_that_changes_at_its_source_gets_a_note(
    tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = replace(DATASETS["bcontrast"], versioned=True, rows={"utterances": 5})
    monkeypatch.setattr(fetching, "dataset", lambda _: dataset)
    (result,) = fetch(["bcontrast"], tmp_path / "root", mirror, progress=False)
    assert result.note == (
        "bcontrast: utterances: 13,845 rows where 5 were expected; its source has changed since "
        "the numbers were noted"
    )


def test_a_file_is_downloaded_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checksum = "md5:" + hashlib.md5(CHATS.encode()).hexdigest()
    with served({"/train.json": CHATS.encode()}) as address:
        at(monkeypatch, "bcontrast", DataFile("train.json", f"{address}/train.json", checksum))
        (result,) = fetch(["bcontrast"], tmp_path, progress=True)
    assert result.brought == ("train.json",)
    assert "train.json" in capsys.readouterr().err  # the progress bar
    assert everything(tmp_path) == {"SHA256SUMS", "bcontrast/train.json"}
    # The server is gone; what is there is intact.
    assert fetch(["bcontrast"], tmp_path, progress=False)[0].present == ("train.json",)


def test_a_plain_file_is_compressed_on_arrival(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = "".join(f"sentence {number}\n" for number in range(3)).encode()
    (tmp_path / "yelp_sentences").mkdir()
    with served({"/sentiment.dev.0": plain}) as address:
        url = f"{address}/sentiment.dev.0"
        dataset = at(monkeypatch, "yelp_sentences", DataFile("one.gz", url, gzipped_here=True))
        with pytest.raises(DataError, match="yelp_sentences cannot be read"):
            fetch([dataset.name], tmp_path, progress=False)
    packed = tmp_path / "yelp_sentences" / "one.gz"
    assert gzip.decompress(packed.read_bytes()) == plain
    assert everything(tmp_path) == {"SHA256SUMS", "yelp_sentences/one.gz"}


def test_a_download_with_another_checksum_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served({"/train.json": CHATS.encode()}) as address:
        url = f"{address}/train.json"
        at(monkeypatch, "bcontrast", DataFile("train.json", url, "sha256:" + "0" * 64))
        with pytest.raises(DataError, match=r"/train\.json does not have the documented checksum"):
            fetch(["bcontrast"], tmp_path, progress=False)
    assert everything(tmp_path) == set()


def test_a_download_that_breaks_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served({"/train.json": CHATS.encode()}, cut=10) as address:
        at(monkeypatch, "bcontrast", DataFile("train.json", f"{address}/train.json"))
        with pytest.raises(DataError, match=r"/train\.json (ended after|cannot be fetched).*mirr"):
            fetch(["bcontrast"], tmp_path, progress=False)
    assert everything(tmp_path) == set()


def test_a_file_that_has_moved_and_a_server_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served({}) as address:
        url = f"{address}/train.json"
        at(monkeypatch, "bcontrast", DataFile("train.json", url))
        with pytest.raises(DataError, match=r"train\.json answered 404 Not Found; .* --mirror DIR"):
            fetch(["bcontrast"], tmp_path, progress=False)
    with pytest.raises(DataError, match=r"train\.json cannot be fetched: .*refused.* --mirror DIR"):
        fetch(["bcontrast"], tmp_path, progress=False)
    assert everything(tmp_path) == set()


@pytest.mark.parametrize("name", ["semeval", "customer_reviews", "newstest"])
def test_an_address_that_is_a_page_gives_the_manual_step(tmp_path: Path, name: str) -> None:
    dataset = DATASETS[name]
    with pytest.raises(DataError) as caught:
        fetch([name], tmp_path, progress=False)
    assert f"{dataset.files[0].name} is missing" in str(caught.value)
    assert dataset.address in str(caught.value)
    assert dataset.manual_step in str(caught.value)
    assert "--mirror DIR" in str(caught.value)


def test_what_a_user_put_there_is_accepted(tmp_path: Path) -> None:
    folder = tmp_path / "customer_reviews"
    folder.mkdir()
    (folder / "custrev.neg").write_text("bad .\n" * 1_368)
    (folder / "custrev.pos").write_text("good .\n" * 2_407)
    (result,) = fetch(["customer_reviews"], tmp_path, progress=False)
    assert result.present == ("custrev.neg", "custrev.pos")


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_can_be_had_or_says_how(name: str) -> None:
    dataset = DATASETS[name]
    assert dataset.name == name
    assert dataset.task in {"classification", "translation", "tagging"}
    assert dataset.files
    assert dataset.rows
    assert dataset.license
    assert dataset.citation
    assert dataset.address.startswith("http")
    without_url = [file.name for file in dataset.files if file.url is None]
    assert bool(without_url) == bool(dataset.manual_step)
    for file in dataset.files:
        assert file.url is None or file.url.startswith("https://")
        assert file.checksum is None or file.checksum.partition(":")[0] in {"md5", "sha256"}
