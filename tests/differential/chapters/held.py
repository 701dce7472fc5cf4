"""Captured dicts, sets and lists in loops that are long enough for a kernel."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

ROWS: list[Row] = [
    same(
        "a captured dict, set and graph in compiled loops",
        """
        from collections import Counter, defaultdict
        prices = {k * 37 % 1009: k * 0.25 for k in range(1009)}
        rare = {k * 65536 + 3 for k in range(50)} | {5, 77, 900}
        graph = {k: [(k * 3 + 1) % 101, (k * 7 + 2) % 101] for k in range(101)}
        counts = Counter(k % 7 for k in range(100))
        settings = {"rate": 0.5, "steps": 3, "inner": {"depth": 2}}
        letters = {"a": 1, "b": 2, "z": 26}
        rows = [(k % 13, k * 0.5) for k in range(40)]

        def priced(i):
            key = i * 7919 % 1013
            found = prices.get(key)
            return (0.125 if found is None else found) * settings["rate"] + (1 if i in rare else 0)

        def walked(i):
            node, total = i % 101, 0
            for step in range(settings["steps"]):
                node = graph[node][i % 2]
                total += node + counts[node] + letters.get("a", 0)
            return total

        def least(i):
            near = min(rows, key=lambda row: ((row[0] - i) % 13, -row[1]))
            order = sorted([(k * i % 5, k) for k in range(6)], reverse=True)
            return near[1] + order[0][1]

        with executor.remotely.downloadAll():
            a = sum(priced(i) for i in range(400_000))
            b = [walked(i) for i in range(200_000)]
            c = sum(least(i) for i in range(40_000))
            d = sum(x * (i % 3) for i in range(30_000) for x in rare)
            seen = 0
            for i in range(300_000):
                if i * 7 % 1009 in prices:
                    seen += 1
            e = max(range(300_000), key=lambda i: (prices.get(i % 1009, 0.0), -i))
        """,
    ),
    same(
        "a key that a captured dict does not have, far into a compiled loop",
        """
        held = {k: k * 0.5 for k in range(300_000)}
        del held[250_001]
        with executor.remotely.downloadAll():
            first = sum(held.get(i, -1.0) for i in range(300_000))
            total = sum(held[i] for i in range(300_000))
        """,
        raises="KeyError",
    ),
    same(
        "a loop that adds to a dict which it reads by another name",
        """
        with executor.remotely.downloadAll():
            counts = {k: 1 for k in range(50)}
            same_one = counts
            for i in range(300_000):
                counts[i % 50] += same_one[(i * 7 + 1) % 50] % 3
            kept = set()
            also = kept
            n = 0
            for i in range(200_000):
                kept.add(i * 7919 % 70_001 if i % 70_001 not in also else 0)
        """,
    ),
    same(
        "a captured defaultdict asked for what it does not have",
        """
        from collections import defaultdict
        held = defaultdict(int, {k: k for k in range(1000)})
        with executor.remotely.downloadAll():
            fine = sum(held[i % 1000] for i in range(400_000))
        """,
    ),
    refused(
        "a captured defaultdict that would keep what it was asked for",
        "`held` was changed inside the block",
        """
        from collections import defaultdict
        held = defaultdict(int, {k: k for k in range(1000)})
        with executor.remotely.downloadAll():
            total = sum(held[i % 1001] for i in range(400_000))
        """,
    ),
]
