"""`python -m tests.patient_twistd …` is `twistd …`, but that its manager has workers wait for each other's kernels."""

from __future__ import annotations

from twisted.scripts.twistd import run

from pyfora.cluster import kernels
from tests.execute.patient_server import PATIENCE_S

if __name__ == "__main__":
    kernels.KERNEL_WAIT_S = PATIENCE_S  # type: ignore[attr-defined]
    run()
