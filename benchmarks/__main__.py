"""`python -m benchmarks`: run the rows, print the table, write benchmarks/results/latest.json."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from pathlib import Path

from benchmarks import answers, first_results, interpreted, kernels, latency, loops, losses, memory, short_loops, spread
from benchmarks.table import Row, as_markdown, machine, write_json

ROWS: dict[str, Callable[[], Row | list[Row]]] = {
    "sines": lambda: loops.sines_against_prange(10**8, pairs=5),
    "bits": lambda: loops.bits_of_sines(10**8),
    "primes": lambda: loops.primes_against_prange(5 * 10**6, pairs=5),
    "kernels": kernels.twenty_kernels,
    "answers": answers.known_wrong_answers,
    "spread": spread.beside_peers,
    "first": lambda: first_results.first_results(7),
    "distinct": lambda: first_results.distinct_loops(1000, pairs=5),
    "interpreted": lambda: [
        *interpreted.interpreted_loop(60_000, pairs=5),
        *interpreted.interpreted_loop(600_000, pairs=3),
    ],
    "short": lambda: short_loops.short_loops_against_cpython(40_000, pairs=5),
    "empty": lambda: latency.empty_block(300),
    "embedded": lambda: latency.embedded_first_block(5),
    "connect": lambda: latency.connected_first_block(5),
    "freeze": lambda: losses.lost_worker(signal.SIGSTOP, "SIGSTOP", 2 * 10**8, least=5, aim=3),
    "kill": lambda: losses.lost_worker(signal.SIGKILL, "kill -9", 2 * 10**8, least=2, aim=1),
    "memory": memory.idle_memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="which rows; all of them by default")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "latest.json")
    wanted = parser.parse_args()
    done = []
    print(machine(), flush=True)
    for name in wanted.rows or ROWS:
        found = ROWS[name]()
        for row in found if isinstance(found, list) else [found]:
            print(f"{row.what}: {row.ours}; {row.peer}; {row.verdict}", flush=True)
            done.append(row)
    print()
    print(as_markdown(done))
    if not wanted.rows:
        write_json(done, wanted.json)


if __name__ == "__main__":
    main()
