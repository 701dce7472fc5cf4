"""Clusters and programs in other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.daemons import Cluster

RunScript = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A manager and two workers of one core, shared by the tests that do not harm it."""
    with Cluster(workers=2) as running:
        yield running


@pytest.fixture
def run_script(tmp_path: Path) -> RunScript:
    """`run_script(text, *arguments)` writes a program to a file and runs it in a process of its own."""

    def run(
        text: str, *arguments: str, timeout_s: float = 60.0, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(text))
        done = subprocess.run(
            [sys.executable, str(script), *arguments],
            cwd=tmp_path,
            env={k: v for k, v in os.environ.items() if not k.startswith("UFORA_")},
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run
