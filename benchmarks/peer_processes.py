"""Runs the peers' programs with the interpreter of their own environment, `make bench`'s PYFORA_PEERS_PYTHON."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

NAMES = ("numba", "bodo", "ray", "dask")
LONGEST_S = 600
ROOT = Path(__file__).parent.parent


def interpreter() -> str | None:
    """The Python of the peers' environment; None where nobody made one."""
    return os.environ.get("PYFORA_PEERS_PYTHON")


def outcomes(peer: str, task: str, count: int) -> list[dict[str, Any]] | None:
    """What `benchmarks.in_peer` says of each of `count` tasks; `{"crashed": signal}` where it said nothing.

    None where there is no environment for the peers.
    """
    python = interpreter()
    if python is None:
        return None
    found: list[dict[str, Any]] = []
    while len(found) < count:
        command = [python, "-m", "benchmarks.in_peer", peer, task, str(len(found))]
        ended = subprocess.run(
            command, cwd=ROOT, env=_environment(python), capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
        said = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
        found += said
        if len(found) < count:
            if ended.returncode >= 0:
                raise RuntimeError(f"{peer} does not run here: {ended.stderr[-2000:]}")
            found.append({"crashed": -ended.returncode})
    return found


def _environment(python: str) -> dict[str, str]:
    """bodo starts its workers by the mpiexec that is installed with it."""
    path = f"{Path(python).parent}:{os.environ['PATH']}"
    return os.environ | {"PATH": path, "BODO_NUM_WORKERS": "2", "RAY_AUTH_MODE": "disabled"}
