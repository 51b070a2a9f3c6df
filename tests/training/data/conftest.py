"""The folder of real datasets, for the tests that read them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder that GATEHOUSE_DATA names. Skips the test where it is not set."""
    folder = os.environ.get("GATEHOUSE_DATA")
    if not folder:
        pytest.skip("GATEHOUSE_DATA is not set: it names a folder with the public datasets")
    return Path(folder)
