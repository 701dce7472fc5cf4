"""One cache of kernels for a whole run of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfora.compile import KernelCache


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> KernelCache:
    directory: Path = tmp_path_factory.mktemp("kernels")
    return KernelCache(directory, 64 * 1024 * 1024)
