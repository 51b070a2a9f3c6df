"""`python -m service`."""

import os
import sys

from service.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
