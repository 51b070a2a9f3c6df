"""Leases: a version is drained when it is retired and the last request has left it."""

import threading
from typing import cast

import pytest

from service.pipelines.classification import ClassificationPipeline
from service.repository.leases import LoadedVersion


def loaded(
    pipeline: ClassificationPipeline,
) -> tuple[LoadedVersion[ClassificationPipeline], list[bool]]:
    drained: list[bool] = []
    return LoadedVersion(pipeline, lambda: drained.append(True)), drained


def test_a_version_drains_after_its_last_lease_and_not_before(
    classifier: ClassificationPipeline,
) -> None:
    version, drained = loaded(classifier)
    first, second = version.lease(), version.lease()
    assert first is not None
    assert second is not None
    assert (first.pipeline, first.version) == (classifier, 1)
    version.retire()
    assert version.lease() is None
    first.release()
    first.release()  # a second time does nothing
    assert version.in_use
    assert not drained
    with second:
        assert not drained
    assert drained == [True]
    assert not version.in_use


def test_a_version_that_nobody_uses_drains_at_once(classifier: ClassificationPipeline) -> None:
    version, drained = loaded(classifier)
    with cast(object, version.lease()):  # type: ignore[attr-defined]
        pass
    assert not drained
    version.retire()
    assert drained == [True]


def test_an_error_in_the_block_ends_the_lease(classifier: ClassificationPipeline) -> None:
    version, drained = loaded(classifier)
    lease = version.lease()
    assert lease is not None
    with pytest.raises(ValueError, match="a defect"), lease:
        raise ValueError("a defect")
    version.retire()
    assert drained == [True]


def test_the_mirror_ends_with_its_request_unless_it_is_extended(
    classifier: ClassificationPipeline,
) -> None:
    active, _ = loaded(classifier)
    candidate, drained = loaded(classifier)
    lease = active.lease()
    assert lease is not None
    lease.mirror = candidate.lease()
    assert lease.mirror is not None
    with lease:
        candidate.retire()
        comparing = lease.mirror.extend()  # even of a version that takes no new requests
    assert not drained
    with pytest.raises(RuntimeError, match="has been released"):
        lease.extend()
    comparing.release()
    assert drained == [True]


def test_leases_from_many_threads_are_counted_without_loss(
    classifier: ClassificationPipeline,
) -> None:
    version, drained = loaded(classifier)
    start = threading.Barrier(8)
    late: list[object] = []
    enough = threading.Event()

    def use() -> None:
        start.wait()
        while (lease := version.lease()) is not None:
            with lease:
                late.append(drained[:])
            if len(late) >= 1000:
                enough.set()

    threads = [threading.Thread(target=use) for _ in range(7)]
    for thread in threads:
        thread.start()
    start.wait()
    enough.wait()
    version.retire()
    for thread in threads:
        thread.join()
    assert not any(late)  # nobody held a lease when it was drained
    assert drained == [True]
