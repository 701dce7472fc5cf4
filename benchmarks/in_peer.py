"""Runs inside a peer: one JSON line for each answer or loop. `python -m benchmarks.in_peer PEER answers|loops FIRST`.

Nothing of pyfora is imported: the peers have an environment of their own, where other versions of LLVM are asked for.
"""

from __future__ import annotations

import json
import math
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from benchmarks.spread_loops import LOOPS, Loop
from tests.compile import wrong_elsewhere

CORES = 2
REPEATS = 3


class Peer(ABC):
    """One way to run plain Python faster, as its manual says it is used."""

    @abstractmethod
    def answer(self, function: Callable[[int], Any], argument: int) -> Any:
        """What the peer gives for a call."""

    @abstractmethod
    def folded(self, element: Callable[[int], Any]) -> Callable[[int], Any]:
        """A function of the count: the sum of `element` over range(count), on all cores."""

    def refuses(self, error: Exception) -> bool:
        """Whether an exception says that the peer cannot run this, and is not the program's own."""
        return False


class Compiler(Peer):
    """numba and its like: a decorator, and a loop that is marked as parallel."""

    def __init__(self, module: Any, options: dict[str, Any], loop_options: dict[str, Any]) -> None:
        self._module = module
        self._options = options
        self._loop_options = loop_options

    def answer(self, function: Callable[[int], Any], argument: int) -> Any:
        return self._module.jit(**self._options)(function)(argument)

    def folded(self, element: Callable[[int], Any]) -> Callable[[int], Any]:
        compiled = self._module.jit(**self._options)(element)
        prange = self._module.prange

        def loop(count: int) -> Any:
            total = 0
            for i in prange(count):
                total += compiled(i)
            return total

        compiled_loop: Callable[[int], Any] = self._module.jit(**self._loop_options)(loop)
        return compiled_loop

    def refuses(self, error: Exception) -> bool:
        return type(error).__module__.partition(".")[0] in ("numba", "bodo", "llvmlite")


class Tasks(Peer):
    """ray, dask and their like: the loop is cut by hand, and CPython runs the parts."""

    def __init__(self, map_parts: Callable[[Callable[[range], Any], list[range]], list[Any]]) -> None:
        self._map_parts = map_parts

    def answer(self, function: Callable[[int], Any], argument: int) -> Any:
        return self._map_parts(lambda part: function(part[0]), [range(argument, argument + 1)])[0]

    def folded(self, element: Callable[[int], Any]) -> Callable[[int], Any]:
        def summed(part: range) -> Any:
            return sum(element(i) for i in part)

        def loop(count: int) -> Any:
            size = count // (4 * CORES) + 1
            return sum(self._map_parts(summed, [range(lo, min(lo + size, count)) for lo in range(0, count, size)]))

        return loop


def of_numba() -> Peer:
    import numba

    numba.set_num_threads(CORES)
    return Compiler(numba, {"nopython": True}, {"nopython": True, "parallel": True})


def of_bodo() -> Peer:
    import bodo

    return Compiler(bodo, {"distributed": False, "spawn": False}, {"spawn": True})


def of_ray() -> Peer:
    import ray

    ray.init(num_cpus=CORES, include_dashboard=False, log_to_driver=False)

    def map_parts(function: Callable[[range], Any], parts: list[range]) -> list[Any]:
        remote = ray.remote(function)
        try:
            return list(ray.get([remote.remote(part) for part in parts]))
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None

    return Tasks(map_parts)


def of_dask() -> Peer:
    from dask import distributed

    client = distributed.Client(n_workers=CORES, threads_per_worker=1, dashboard_address=None)

    def map_parts(function: Callable[[range], Any], parts: list[range]) -> list[Any]:
        return list(client.gather(client.map(function, parts, pure=False)))

    return Tasks(map_parts)


PEERS: dict[str, Callable[[], Peer]] = {"numba": of_numba, "bodo": of_bodo, "ray": of_ray, "dask": of_dask}


def outcome(call: Callable[[], Any], refuses: Callable[[Exception], bool] = lambda error: False) -> dict[str, Any]:
    """`{"value", "type"}`, `{"raised"}` or `{"cannot"}`."""
    try:
        value = call()
    except Exception as error:
        return {"cannot" if refuses(error) else "raised": type(error).__name__}
    return {"value": repr(value), "type": type(value).__name__}


def answers(peer: Peer, first: int) -> None:
    """The cases from `first` on, a line each: a crash loses only the one that crashed."""
    for case in wrong_elsewhere.CASES[first:]:
        print(json.dumps(outcome(lambda case=case: peer.answer(case, wrong_elsewhere.LAST), peer.refuses)), flush=True)


def loops(peer: Peer, first: int) -> None:
    """The loops from `first` on: their outcome, and the least seconds of some repeats after a first one."""
    for loop in LOOPS[first:]:
        took = math.inf

        def call(loop: Loop = loop) -> Any:
            nonlocal took
            run = peer.folded(loop.element)
            value = run(loop.count)
            for _ in range(REPEATS):
                started = time.perf_counter()
                value = run(loop.count)
                took = min(took, time.perf_counter() - started)
            return value

        print(json.dumps(outcome(call, peer.refuses) | {"took_s": took}), flush=True)


if __name__ == "__main__":
    {"answers": answers, "loops": loops}[sys.argv[2]](PEERS[sys.argv[1]](), int(sys.argv[3]))
