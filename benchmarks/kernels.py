"""Twenty kernels on one core, by its own clock: against numba by hand, against CPython, and the bits of both."""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import statistics
import tempfile
import textwrap
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from benchmarks.kernel_cases import BY_HAND, CASES
from benchmarks.table import Row
from pyfora.compile import FunctionSource, KernelCache, Loop, NotCompiled, Output, compile_loop

SAMPLE = 2_000
"""Elements that CPython is timed with, and whose bits are compared."""
ROUNDS = 5


@dataclass(frozen=True)
class Measured:
    """One kernel."""

    name: str
    ours_s: float | None
    """None where it is not compiled."""
    numba_s: float
    cpython_s: float
    """As if for all elements."""
    same_bits: bool | None
    reason: str = ""

    @property
    def ratio(self) -> float | None:
        """Our time by numba's."""
        return None if self.ours_s is None else self.ours_s / self.numba_s


def _source_of(function: types.FunctionType) -> FunctionSource | None:
    try:
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError):
        return None
    assert isinstance(node, ast.FunctionDef)
    names = {**vars(builtins), **function.__globals__}

    def lookup(name: str) -> object:
        if name not in names:
            raise NameError(name)
        return names[name]

    return FunctionSource(inspect.getfile(function), node, lookup)


def measure(name: str) -> Measured:
    """Time one case, in interleaved rounds."""
    function, count = CASES[name]
    peer = numba.njit(BY_HAND.get(name, function))

    @numba.njit
    def run_peer(n: int, into: Any) -> None:
        for i in range(n):
            into[i] = peer(i)

    started_at = time.process_time()
    expected = [function(i) for i in range(SAMPLE)]
    cpython_s = (time.process_time() - started_at) * count / SAMPLE
    dtype = {int: "int64", float: "float64", bool: "bool"}[type(expected[0])]
    into = np.empty(count, dtype)
    run_peer(1, into)
    text = ast.parse("(function(i) for i in source)", mode="eval").body
    assert isinstance(text, ast.GeneratorExp)
    names: dict[str, object] = {"function": function}
    loop = Loop("benchmark", text, names.__getitem__, _source_of, indices=(0, count - 1))
    with tempfile.TemporaryDirectory() as directory:
        try:
            kernel = compile_loop(loop, Output.TERMS, KernelCache(Path(directory), 1 << 26))
        except NotCompiled as refusal:
            return Measured(name, None, _best(lambda: run_peer(count, into)), cpython_s, None, str(refusal))
    ours: list[float] = []
    peers: list[float] = []
    for _ in range(ROUNDS):
        peers.append(_best(lambda: run_peer(count, into), 1))
        ours.append(_best(lambda: kernel.run(kernel.captured, 0, 1, count, into), 1))
    found = into[:SAMPLE].tolist()
    same = [type(value) for value in found] == [type(value) for value in expected] and all(
        one == other and math.copysign(1, one) == math.copysign(1, other)
        for one, other in zip(found, expected, strict=True)
    )
    return Measured(name, min(ours), min(peers), cpython_s, same)


def _best(call: Callable[[], object], times: int = 3) -> float:
    best = math.inf
    for _ in range(times):
        started_at = time.process_time()
        call()
        best = min(best, time.process_time() - started_at)
    return best


def twenty_kernels() -> list[Row]:
    """The rows of all of them together, and which of them are not there."""
    measured = [measure(name) for name in CASES]
    for one in measured:
        ratio = "cannot" if one.ratio is None else f"{one.ratio:.2f} x numba"
        speed = "" if one.ours_s is None else f", {one.cpython_s / one.ours_s:.0f} times CPython"
        print(
            f"  {one.name}: {ratio}{speed} (numba: {one.cpython_s / one.numba_s:.0f}){one.reason and ': '}{one.reason}"
        )
    ratios = [one.ratio for one in measured if one.ratio is not None]
    cannot = [one.name for one in measured if one.ratio is None]
    done = [one for one in measured if one.ours_s is not None]
    slow = [one.name for one in done if one.cpython_s / (one.ours_s or 1) < 10 < one.cpython_s / one.numba_s]
    wrong = [one.name for one in measured if one.same_bits is False]
    compiled = f"{len(done)} of {len(CASES)} compiled"
    note = f"not compiled: {', '.join(cannot)}" if cannot else ""
    what = f"{len(CASES)} kernels on one core against numba by hand"
    mean = statistics.geometric_mean(ratios)
    return [
        Row(f"{what}, geometric mean", compiled, "numba.njit, overflow ignored", mean, "x", 1.15, 1.0, note),
        Row(f"{what}, the slowest", compiled, "numba.njit, overflow ignored", max(ratios), "x", 1.5, 1.5),
        Row("kernels that are not compiled", str(len(cannot)), "", float(len(cannot)), "of 20", 0, 0),
        Row(
            "those less than 10 times as fast as CPython where numba is", str(len(slow)), "", float(len(slow)), "", 0, 0
        ),
        Row("those with other bits than CPython", str(len(wrong)), "", float(len(wrong)), "", 0, 0),
    ]


if __name__ == "__main__":
    for row in twenty_kernels():
        print(f"{row.what}: {row.ours}; {row.measured:.3g} {row.unit}; {row.verdict}; {row.note}")
