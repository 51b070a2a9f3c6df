"""The folder of real datasets, for the tests that read them."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder that TRAINING_DATA names. Skips the test where it is not set."""
    folder = os.environ.get("TRAINING_DATA")
    if not folder:
        pytest.skip("TRAINING_DATA is not set: it names a folder with the public datasets")
    return Path(folder)
