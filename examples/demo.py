"""The main job on the embedded cluster, with its time, how it was run, and a look at whether the answer is right."""

import math
import sys
import time

import pyfora

count = int(sys.argv[1]) if len(sys.argv) > 1 else 10**8

started = time.perf_counter()
with pyfora.connect() as executor:
    ready = time.perf_counter()
    print(f"an embedded cluster of {executor.getWorkerCount()} worker(s) in {ready - started:.2f} s")

    with executor.remotely.downloadAll():
        x = sum(math.sin(i) for i in range(count))

    print(f"sum(math.sin(i) for i in range({count:,})) = {x!r} in {time.perf_counter() - ready:.2f} s")
    for loop in executor.lastLoops:
        print("run:", loop)

    few = count // 100
    with executor.remotely.downloadAll():
        y = sum(math.sin(i) for i in range(few))
    here = sum(math.sin(i) for i in range(few))
    print(f"the first {few:,} of them, bit for bit as in this Python:", "yes" if y == here else f"NO: {y!r}, {here!r}")
sys.exit(y != here)
