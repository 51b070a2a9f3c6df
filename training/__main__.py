"""``python -m training``."""

import sys

from training.allocator import restart_with_allocator_settings
from training.cli import main

if __name__ == "__main__":
    if sys.argv[1:2] in (["train"], ["study"]):
        restart_with_allocator_settings(sys.argv[1:])
    raise SystemExit(main())
