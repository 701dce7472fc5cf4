"""`python -m tests.differential [WORD…]`: run the rows whose names contain a word, and print what is different."""

from __future__ import annotations

import sys
import time

from tests.daemons import Cluster
from tests.differential.table import ROWS


def main() -> None:
    words = sys.argv[1:] or [""]
    rows = [row for row in ROWS if any(word in row.name for word in words)]
    with Cluster(workers=2) as cluster:
        for row in rows:
            start = time.monotonic()
            found = row.complaints(cluster.url)
            known = "" if row.known_difference is None else " (known)" if found else " (known, but the same now)"
            print(
                f"{'same' if not found else 'DIFFERENT'}{known} {row.name} {time.monotonic() - start:.2f} s", flush=True
            )
            for line in found:
                print(f"    {line}", flush=True)


if __name__ == "__main__":
    main()
