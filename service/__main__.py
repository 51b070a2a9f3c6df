"""`python -m service`."""

import gc
import os
import signal
import sys
from types import FrameType


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


if __name__ == "__main__":
    # The imports take a while, and a signal that comes meanwhile ends them without a traceback. The
    # first process of a container, for which signals have no default, would not hear it at all.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    gc.disable()  # imports make many objects and no garbage
    from service.cli import main

    gc.enable()
    sys.exit(main(sys.argv[1:], os.environ))
