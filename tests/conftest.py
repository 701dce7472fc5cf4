"""What holds for every test of the project."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Ctrl-C interrupts here and in what tests start: the background jobs of a shell would ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
