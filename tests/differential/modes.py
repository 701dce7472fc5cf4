"""The ways to run a row that must not change its answer: more or fewer workers, leaves given up, a worker killed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from tests.daemons import Cluster
from tests.differential.halting_server import DRIVER, LEAVES, Halts
from tests.differential.rows import Row

EAGER_SERVER = "tests.execute.eager_server"
UNWILLING_SERVER = "tests.differential.unwilling_server"
HALTING_SERVER = "tests.differential.halting_server"
LAST_MESSAGE = 4
"""A worker is killed before one of so many first messages of a compute process, by the seed."""


class NeverMet(Exception):
    """No compute process came to where a worker was to be killed."""


class HaltingCluster(Cluster):
    """A cluster whose compute processes halt where `halts` says."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers, fork_server=HALTING_SERVER)
        self.halts = Halts(self.directory / "halts")
        self._settings["HALTS"] = str(self.directory / "halts")


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
        if self.kills:
            with HaltingCluster(self.workers) as halting:
                yield halting
            return
        settings = {"GIVE_UP": str(self.given_up), "GIVE_UP_SEED": str(seed)}
        server = UNWILLING_SERVER if self.given_up else EAGER_SERVER
        with Cluster(self.workers, settings=settings, fork_server=server) as cluster:
            yield cluster

    def complaints(self, row: Row, cluster: Cluster, seed: int = 0) -> list[str]:
        """What is not as expected of the row in this mode, in words. Raises NeverMet."""
        if not self.kills:
            return row.complaints(cluster.url)
        assert isinstance(cluster, HaltingCluster)
        random = Random(f"{seed} {row.name}")
        chosen = (random.choice((DRIVER, LEAVES)), random.randrange(LAST_MESSAGE))
        # Each driver sends one message at least: how its program ended.
        for role, number in (chosen, (DRIVER, 0)):
            cluster.wait_for_workers(self.workers)
            cluster.halts.want(role, number)
            killer = Killer(cluster, random)
            found = killer.during(lambda: row.complaints(cluster.url))
            if found or killer.killed:
                return found
        raise NeverMet(f"no {role} came to its message {number}")


MODES = (
    Mode("on 1 worker", 1),
    Mode("on 3 workers", 3),
    Mode("every leaf given up", 2, given_up=1.0),
    Mode("half of the leaves given up", 2, given_up=0.5),
    Mode("a worker killed", 3, kills=True),
)


class Killer:
    """Kills one worker of a cluster while a compute process is halted, and starts another one."""

    def __init__(self, cluster: HaltingCluster, random: Random) -> None:
        self._cluster = cluster
        self._random = random
        self._ended = threading.Event()
        self.killed = False

    def during(self, run: Callable[[], list[str]]) -> list[str]:
        """What `run` gave, in whose midst a worker was killed if a process came to where it was to halt."""
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            return run()
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        while (pid := self._cluster.halts.halted()) is None:
            if self._ended.wait(0.005):
                return
        try:
            self._kill(pid)
        finally:
            self._cluster.halts.go_on()

    def _kill(self, pid: int) -> None:
        """The worker whose process is halted or another one, as the seed has it."""
        workers = self._cluster.workers
        halted = next(worker for worker in workers if pid in worker.family())
        others = [worker for worker in workers if worker is not halted]
        victim = halted if self._random.random() < 0.5 else self._random.choice(others)
        victim.signal_family(signal.SIGKILL)
        victim.process.wait(10)
        workers.remove(victim)
        self.killed = True
        self._cluster.start_worker()
