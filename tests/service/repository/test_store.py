"""Where workers agree: one document, replaced as a whole, and a word from each that lives."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from service.errors import RoutingConflict
from service.repository.routing import RoutingDocument
from service.repository.store import Acknowledgement, FolderStore, MemoryStore, RoutingStore

WORKER = """
import sys
from pathlib import Path
from service.repository.store import Acknowledgement, FolderStore
store = FolderStore(Path(sys.argv[1]), 77)
store.acknowledge(Acknowledgement(pid=77, generation=3))
print("here", flush=True)
sys.stdin.read()
"""


def folder_store(folder: Path, worker: int = 1) -> FolderStore:
    FolderStore.create(folder, ("sentiment",))
    return FolderStore(folder, worker)


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RoutingStore:
    return MemoryStore(("sentiment",)) if request.param == "memory" else folder_store(tmp_path)


def test_the_document_is_replaced_and_its_stamp_says_so(store: RoutingStore) -> None:
    assert store.read() == RoutingDocument(required=("sentiment",))
    before = store.stamp()
    assert store.stamp() == before
    after = store.update(lambda document: document.rescanned())
    assert after.rescans == 1
    assert store.read() == after
    assert store.stamp() != before
    unchanged = store.stamp()
    assert store.update(lambda document: document) == after
    assert store.stamp() == unchanged


def test_changes_from_many_threads_are_all_kept(store: RoutingStore) -> None:
    def change() -> None:
        for _ in range(20):
            store.update(lambda document: document.rescanned())

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.read().generation == 80


def test_one_change_is_made_at_a_time(store: RoutingStore) -> None:
    with (
        store.changing(),
        pytest.raises(RoutingConflict, match="by another request"),
        store.changing(),
    ):
        raise AssertionError("two changes at a time")
    with store.changing():
        pass


def test_an_error_in_a_change_keeps_the_document(store: RoutingStore) -> None:
    before = store.read()
    with pytest.raises(RoutingConflict, match="no other version"):
        store.update(lambda document: document.changed("m", document.of("m").rolled_back("m")))
    assert store.read() == before


def test_a_worker_is_heard_until_it_closes(store: RoutingStore) -> None:
    assert store.acknowledgements() == []
    state = Acknowledgement(pid=1, generation=2, refused={"m": "why"}, active={"m": 1, "n": None})
    store.acknowledge(Acknowledgement(pid=1, generation=-1))
    store.acknowledge(state)
    assert store.acknowledgements() == [state]
    store.close()
    assert store.acknowledgements() == []


def test_a_worker_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    store = folder_store(tmp_path)
    store.acknowledge(Acknowledgement(pid=1, generation=3))
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        assert [state.pid for state in store.acknowledgements()] == [1, 77]
        os.kill(process.pid, signal.SIGKILL)
        # Not waited for yet: a process that nobody has buried still has its process id.
        while [state.pid for state in store.acknowledgements()] != [1]:
            pass
    store.close()
