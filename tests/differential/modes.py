"""The ways to run a row that must not change its answer: more or fewer workers, leaves given up, a worker killed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.daemons import Cluster, Daemon
from tests.differential.rows import Row

EAGER_SERVER = "tests.execute.eager_server"
UNWILLING_SERVER = "tests.differential.unwilling_server"
KILL_ATTEMPTS = 10
"""So often a row is run, until a worker was killed in its midst."""
LONGEST_WAIT_S = 0.3
"""A worker is killed up to so long after a program began to run, by the seed; half as long in each further attempt."""


class TooShort(Exception):
    """The row's program ended each time before a worker could be killed in its midst."""


@dataclass(frozen=True)
class Mode:
    """A cluster that spreads every loop that lasts a fraction of a millisecond, and what befalls it."""

    name: str
    workers: int
    given_up: float = 0.0
    """The share of leaves that are given up by their process."""
    kills: bool = False
    """A worker is killed in each row's midst."""

    @contextmanager
    def cluster(self, seed: int = 0) -> Iterator[Cluster]:
        """The cluster, which ends with the context."""
        settings = {"GIVE_UP": str(self.given_up), "GIVE_UP_SEED": str(seed)}
        server = UNWILLING_SERVER if self.given_up else EAGER_SERVER
        with Cluster(self.workers, settings=settings, fork_server=server) as cluster:
            yield cluster

    def complaints(self, row: Row, cluster: Cluster, seed: int = 0) -> list[str]:
        """What is not as expected of the row in this mode, in words. Raises TooShort."""
        if not self.kills:
            return row.complaints(cluster.url)
        random = Random(f"{seed} {row.name}")
        for attempt in range(KILL_ATTEMPTS):
            cluster.wait_for_workers(self.workers)
            killer = Killer(cluster, random.random() * LONGEST_WAIT_S / 2**attempt, random)
            found = killer.during(lambda: row.complaints(cluster.url))
            if found or killer.killed:
                return found
        raise TooShort(f"it ended {KILL_ATTEMPTS} times before a worker could be killed")


MODES = (
    Mode("on 1 worker", 1),
    Mode("on 3 workers", 3),
    Mode("every leaf given up", 2, given_up=1.0),
    Mode("half of the leaves given up", 2, given_up=0.5),
    Mode("a worker killed", 3, kills=True),
)


class Killer:
    """Kills one worker of a cluster some moments after a program began to run, and starts another one."""

    def __init__(self, cluster: Cluster, wait_s: float, random: Random) -> None:
        self._cluster = cluster
        self._wait_s = wait_s
        self._random = random
        self._ended = threading.Event()
        self.killed = False

    def during(self, run: Callable[[], list[str]]) -> list[str]:
        """What `run` gave, in whose midst a worker was killed if there was the time."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            return run()
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        while (running := self._running()) is None:
            if self._ended.wait(0.002):
                return
        self._ended.wait(self._wait_s)
        again = self._running()
        if again is not None and again["program_id"] == running["program_id"]:
            self._kill(again["home_id"])

    def _running(self) -> dict[str, Any] | None:
        """What the manager knows of the program that runs, if one does."""
        status = self._cluster.status()
        programs: list[dict[str, Any]] = status["programs"] if status else []
        return next((program for program in programs if program["state"] == "running"), None)

    def _kill(self, home_id: str) -> None:
        """The home or another worker, as the seed has it."""
        home = self._daemon_of(home_id)
        others = [worker for worker in self._cluster.workers if worker is not home]
        victim = home if self._random.random() < 0.5 or not others else self._random.choice(others)
        victim.signal_family(signal.SIGKILL)
        victim.process.wait(10)
        self._cluster.workers.remove(victim)
        self.killed = True
        self._cluster.start_worker()

    def _daemon_of(self, worker_id: str) -> Daemon:
        status = self._cluster.status()
        assert status is not None
        port = next(worker["base_port"] for worker in status["workers"] if worker["worker_id"] == worker_id)
        return next(worker for worker in self._cluster.workers if worker.base_port == port)
