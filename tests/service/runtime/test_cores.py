"""The number of cores: the least of affinity and quota, rounded up, and never none."""

import os
from pathlib import Path

import pytest

from service.runtime.cores import available_cores

HAS_AFFINITY = hasattr(os, "sched_getaffinity")
ALLOWED = len(os.sched_getaffinity(0)) if HAS_AFFINITY else os.cpu_count() or 1


def version_2(folder: Path, content: str) -> None:
    (folder / "cpu.max").write_text(content, encoding="ascii")


def version_1(folder: Path, quota: str, period: str) -> None:
    (folder / "cpu").mkdir()
    (folder / "cpu" / "cpu.cfs_quota_us").write_text(quota, encoding="ascii")
    (folder / "cpu" / "cpu.cfs_period_us").write_text(period, encoding="ascii")


@pytest.mark.parametrize(
    ("content", "cores"),
    [
        ("max 100000\n", ALLOWED),
        ("100000 100000\n", 1),
        ("1000 100000\n", 1),  # a hundredth of a core is one thread
        ("100001 100000\n", min(2, ALLOWED)),
        ("6400000000 100000\n", ALLOWED),
        ("25000 50000\n", 1),
    ],
)
def test_the_quota_of_version_2(tmp_path: Path, content: str, cores: int) -> None:
    version_2(tmp_path, content)
    assert available_cores(tmp_path) == cores


@pytest.mark.parametrize(
    ("quota", "period", "cores"),
    [
        ("-1\n", "100000\n", ALLOWED),
        ("100000\n", "100000\n", 1),
        ("150000\n", "100000\n", min(2, ALLOWED)),
        ("6400000000\n", "100000\n", ALLOWED),
    ],
)
def test_the_quota_of_version_1(tmp_path: Path, quota: str, period: str, cores: int) -> None:
    version_1(tmp_path, quota, period)
    assert available_cores(tmp_path) == cores


def test_version_2_counts_where_both_are_mounted(tmp_path: Path) -> None:
    version_2(tmp_path, "max 100000")
    version_1(tmp_path, "100000", "100000")
    assert available_cores(tmp_path) == ALLOWED


@pytest.mark.parametrize("content", ["", "100000", "a b c", "0 100000", "100000 0", "-5 100000"])
def test_a_file_that_says_nothing_is_no_limit(tmp_path: Path, content: str) -> None:
    version_2(tmp_path, content)
    assert available_cores(tmp_path) == ALLOWED


@pytest.mark.parametrize(("quota", "period"), [("", "100000"), ("100000", "0"), ("x", "y")])
def test_files_of_version_1_that_say_nothing_are_no_limit(
    tmp_path: Path, quota: str, period: str
) -> None:
    version_1(tmp_path, quota, period)
    assert available_cores(tmp_path) == ALLOWED


def test_no_control_group_is_no_limit(tmp_path: Path) -> None:
    assert available_cores(tmp_path / "absent") == ALLOWED


@pytest.mark.skipif(not HAS_AFFINITY, reason="the system has no affinity masks")
def test_the_affinity_mask_lowers_the_count(tmp_path: Path) -> None:
    version_2(tmp_path, "6400000000 100000")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert available_cores(tmp_path) == 1
    finally:
        os.sched_setaffinity(0, before)
