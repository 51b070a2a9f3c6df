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
    # Imports make many objects and no garbage. What serves enables it again when it has begun, and
    # the other commands are done before it matters.
    gc.disable()
    from service.cli import main
    from service.worker import end_at_once

    status = main(sys.argv[1:], os.environ)
    end_at_once(status)
    sys.exit(status)
