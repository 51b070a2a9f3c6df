"""Tests start from the default settings, whatever the shell that runs them has set."""

import os
from collections.abc import Iterator

import pytest

from service.settings import PLAIN_VARIABLES, PREFIX


@pytest.fixture(scope="session", autouse=True)
def no_settings_in_the_environment() -> Iterator[None]:
    """Takes the service's variables out of the environment for the run."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(PREFIX) or name in PLAIN_VARIABLES:
                patch.delenv(name)
        yield
