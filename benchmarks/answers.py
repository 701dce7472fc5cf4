"""What pyfora and its peers answer where Python's meaning is not the machine's, held against CPython."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pyfora
from benchmarks import peer_processes
from benchmarks.in_peer import outcome
from benchmarks.table import Row
from tests.compile.wrong_elsewhere import CASES, LAST
from tests.daemons import Cluster


def known_wrong_answers() -> Row:
    """One row for all cases: how many of ours differ from CPython's; beside it, which of the peers' do."""
    wanted = [outcome(lambda case=case: case(LAST)) for case in CASES]
    with Cluster(workers=2) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        given = [outcome(lambda case=case: in_block(executor, case)) for case in CASES]
    ours = [_judged(found, want) for found, want in zip(given, wanted, strict=True)]
    told, notes = [], []
    for peer in peer_processes.NAMES:
        found = peer_processes.outcomes(peer, "answers", len(CASES))
        if found is None:
            told.append(f"{peer}: not installed")
            continue
        judged = [_judged(one, want) for one, want in zip(found, wanted, strict=True)]
        kinds = Counter(word.partition(" ")[0] for word in judged)
        told.append(
            f"{peer}: "
            + ", ".join(f"{kinds[kind]} {kind}" for kind in ("right", "wrong", "cannot", "crashed") if kinds[kind])
        )
        bad = [f"{case.__name__} {word}" for case, word in zip(CASES, judged, strict=True) if word != "right"]
        notes += [f"{peer}: {', '.join(bad)}"] if bad else []
    wrong = sum(word != "right" for word in ours)
    return Row(
        f"{len(CASES)} answers that are known to go wrong elsewhere",
        f"{len(CASES) - wrong} right",
        "; ".join(told),
        wrong,
        "differ",
        0,
        0,
        "; ".join(notes),
    )


def in_block(executor: Any, case: Callable[[int], Any]) -> Any:
    """The last of many elements: enough for the loop to be compiled and spread."""
    with executor.remotely.downloadAll():
        found = [case(i) for i in range(LAST + 1)]
    return found[LAST]


def _judged(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """`right`, `wrong (what it gave)`, `cannot` or `crashed`."""
    if found == wanted:
        return "right"
    if "cannot" in found:
        return "cannot"
    if "crashed" in found:
        return "crashed"
    given = f"raises {found['raised']}" if "raised" in found else found["value"]
    return f"wrong ({given if len(given) < 30 else given[:27] + '...'})"
