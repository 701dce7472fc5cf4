"""The main job on this machine's own cores: its time, how it was run, and whether the answer is right."""

import math
import os
import sys
import time

import pyfora

count = int(sys.argv[1]) if len(sys.argv) > 1 else 10**8

started = time.perf_counter()
with pyfora.connect() as executor:
    ready = time.perf_counter()
    print(f"a private cluster of {len(os.sched_getaffinity(0))} cores, started in {ready - started:.2f} s")

    with executor.remotely.downloadAll():
        x = sum(math.sin(i) for i in range(count))

    print(f"sum(math.sin(i) for i in range({count:,})) = {x!r} in {time.perf_counter() - ready:.2f} s")
    for loop in executor.lastLoops:
        print(f"  line {loop.line}: {loop.how}, {loop.leaves:,} leaves, {loop.gave_up:,} gave up")

    few = count // 100
    with executor.remotely.downloadAll():
        y = sum(math.sin(i) for i in range(few))
    started = time.perf_counter()
    here = sum(math.sin(i) for i in range(few))
    alone = (time.perf_counter() - started) * 100
    print(f"this Python alone would take about {alone:.0f} s")
    print(f"its sum of the first {few:,} is the same to the last bit: {'yes' if y == here else f'NO: {y!r}, {here!r}'}")
sys.exit(y != here)
