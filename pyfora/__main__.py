"""`python -m pyfora` is the command `pyfora`."""

import sys

from pyfora.cli import main

sys.exit(main())
