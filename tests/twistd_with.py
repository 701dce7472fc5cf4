"""`python -m tests.twistd_with MODULE …` is `twistd …`, but that MODULE forks the compute processes."""

from __future__ import annotations

import sys

from twisted.scripts.twistd import run

from pyfora_twisted import processes

if __name__ == "__main__":
    processes.FORK_SERVER = sys.argv.pop(1)
    run()
