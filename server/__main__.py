"""`python -m server`: the same as the command `cuncao-server`."""

import sys

from server.cli import main

sys.exit(main())
