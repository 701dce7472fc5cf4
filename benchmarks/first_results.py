"""What a loop costs that nobody has run before: compiled at once, found on disk, or too short to be compiled at all."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pyfora
from benchmarks.table import Row
from tests.daemons import Cluster

_KERNEL = """\
def block(executor):
    with executor.remotely.downloadAll():
        total = sum(i * i % {number} + {number} for i in range(6_000_000))
    return total
"""


@contextmanager
def _module(text: str) -> Iterator[ModuleType]:
    """A module of this text, in a file: a block travels as the lines that are written there."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "written.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("written", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def _timed(block: Any, *arguments: Any) -> tuple[object, float]:
    started_at = time.perf_counter()
    value = block(*arguments)
    return value, time.perf_counter() - started_at


def first_results(kernels: int) -> list[Row]:
    """Blocks of one small loop, each with a kernel that is new; then the same in a new session of the same worker."""
    new, known = [], []
    with Cluster(workers=1) as cluster:
        with _module(_KERNEL.format(number=99_991)) as warming, pyfora.connect(cluster.url, progress=False) as executor:
            warming.block(executor)
        for number in range(101, 101 + 2 * kernels, 2):
            with _module(_KERNEL.format(number=number)) as written:
                for times in (new, known):
                    with pyfora.connect(cluster.url, progress=False) as executor:
                        total, elapsed_s = _timed(written.block, executor)
                    times.append(elapsed_s)
                assert total == sum(i * i % number + number for i in range(6_000_000))
    what = "a block of one small kernel"
    return [
        Row(f"{what} that is new, a warm worker", f"median of {kernels}", "", statistics.median(new), "s", 0.8, 0.3),
        Row(f"{what}, in a new session", "from the disk cache", "", statistics.median(known), "s", 0.1, 0.03),
    ]


_DISTINCT = {
    "of numbers alone": "sum(i * {number} % 1009 for i in range(5_000))",
    "of a captured list": "sum(x * {number} % rest for x in given)",
    "of a list made in the block": "sum(x * {number} % rest for x in made)",
}


def distinct_loops(loops: int, pairs: int) -> list[Row]:
    """Blocks of many loops, no two of which are the same, against the same lines here, in interleaved pairs.

    Those of numbers alone, and of what the block captured, are known to be short before they are run
    (`pyfora/language/brief.py`); of others only running them tells.
    """
    return [_distinct(what, text, loops, pairs) for what, text in _DISTINCT.items()]


def _distinct(what: str, text: str, loops: int, pairs: int) -> Row:
    given = ["    rest, given = 1009, list(range(5_000))", "    total = 0"]
    lines = ["    made = [*given]", *(f"    total += {text.format(number=number)}" for number in range(loops))]
    here = ["def here():", *given, *lines, "    return total"]
    there = [
        "def block(executor):",
        *given,
        "    with executor.remotely.downloadAll():",
        *(f"    {line}" for line in lines),
        "    return total",
    ]
    ratios, ours, peers = [], [], []
    with (
        _module("\n".join([*here, *there, ""])) as written,
        Cluster(workers=1) as cluster,
        pyfora.connect(cluster.url, progress=False) as executor,
    ):
        for _ in range(pairs):
            expected, peer_s = _timed(written.here)
            found, our_s = _timed(written.block, executor)
            assert found == expected
            peers.append(peer_s)
            ours.append(our_s)
            ratios.append(our_s / peer_s)
    return Row(
        what=f"{loops:,} distinct loops {what}, 5,000 elements each, in one block",
        ours=f"{min(ours):.2f} s",
        peer=f"CPython: {min(peers):.2f} s",
        measured=statistics.median(ratios),
        unit="times CPython",
        least=1.5,
        aim=1.5,
    )
