"""Programs that a test needs and a machine may lack: with CI=true their absence fails, elsewhere it skips in words."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest


def absent(what: str, how: str) -> None:
    """Say that `what` is not here, and `how` to get it."""
    text = f"{what} is not on this machine: {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


def program(name: str, package: str) -> str:
    """The path of a program of a Debian package."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        absent(name, f"apt-get install {package}")
    assert found is not None
    return found


def library(name: str) -> None:
    """A Python package that only tests need."""
    if importlib.util.find_spec(name) is None:
        absent(name, "pip install -e '.[test]'")


def root_only(what: str) -> None:
    """Something that only root may do."""
    if os.geteuid() != 0 or not Path("/proc/self/ns/mnt").exists():
        absent(f"the right to {what}", "run the tests as root")
