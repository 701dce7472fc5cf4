"""A whole cluster in one thread, with bad nights, from a seed: `python -m tests.cluster.simulation --seeds 1000`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass, field

from pyfora.cluster import events as e
from tests.cluster.clients import ClientNode
from tests.cluster.fakes import Leaf
from tests.cluster.nodes import ManagerNode, WorkerNode
from tests.cluster.programs import Spec, answer, random_spec, value_content
from tests.cluster.world import Network, World

DEADLINE_S = 400.0
TROUBLES = ["kill worker", "freeze worker", "cut", "partition", "kill process", "hang process", "stop worker"] * 2
TROUBLES += ["kill manager", "freeze manager", "client", "crash"]


@dataclass
class Plan:
    """What a scenario is like; made from the seed where it is not given."""

    workers: int
    cores: int
    clients: int
    programs: int
    trouble_s: float
    """Disturbances come within this time."""
    disturbances: int
    network: Network = field(default_factory=Network)
    check_every: int = 1


def random_plan(chance: random.Random) -> Plan:
    """Some scenario: from calm to terrible."""
    rough = chance.choice([0.0, 0.0, 0.01, 0.1])
    network = Network(
        chance.choice([0.0002, 0.002, 0.02]), chance.choice([0.0, 0.001, 0.02]), rough, chance.choice([0.0, rough])
    )
    return Plan(
        workers=chance.choice([1, 2, 2, 3, 5]),
        cores=chance.choice([1, 2, 4]),
        clients=chance.choice([1, 1, 2]),
        programs=chance.choice([1, 3, 6]),
        trouble_s=chance.choice([1.0, 4.0]),
        disturbances=chance.choice([0, 0, 2, 6, 15]),
        network=network,
    )


class Scenario:
    """One night of a cluster."""

    def __init__(self, seed: int, plan: Plan | None = None) -> None:
        chance = random.Random(seed)
        self.plan = plan or random_plan(chance)
        self.world = World(seed, self.plan.network, self.plan.check_every)
        self.chance = chance
        self.manager = ManagerNode(self.world)
        self.workers = [
            WorkerNode(self.world, f"w{number}", self.plan.cores, self.manager) for number in range(self.plan.workers)
        ]
        self.clients = [ClientNode(self.world, f"c{number}", self.manager) for number in range(self.plan.clients)]
        self.specs: list[Spec] = []
        self.pushing = 0
        for number in range(self.plan.programs):
            self._program(number)
        for _ in range(self.plan.disturbances):
            self.world.later(chance.uniform(0.2, self.plan.trouble_s), self._disturb)

    # ---- work ------------------------------------------------------------------------------------------

    def _program(self, number: int) -> None:
        chance = self.chance
        candidates = [f"{spec.program_id}.v{n}" for spec in self.specs for n in range(spec.values)]
        inputs = sorted(chance.sample(candidates, min(len(candidates), chance.choice([0, 0, 1, 2]))))
        spec = random_spec(chance, f"{chance.getrandbits(128):032x}", inputs)
        self.specs.append(spec)
        client = chance.choice(self.clients)
        at = chance.uniform(0.0, self.plan.trouble_s)
        makers = {i.partition(".")[0] for i in inputs}

        def submit() -> None:
            # Its inputs have to be known to the manager: their programs accepted, or their ends taken.
            known = set().union(*(c.accepted | set(c.ends) for c in self.clients))
            if not client.connected or not makers <= known:
                self.world.later(0.05, submit)
                return
            client.submit(spec)
            if chance.random() < 0.1:
                self.world.later(chance.uniform(0.0, 1.0), lambda: client.cancel(spec.program_id))

        self.world.later(at, submit)

    # ---- trouble ---------------------------------------------------------------------------------------

    def _disturb(self) -> None:
        chance, world = self.chance, self.world
        kind = chance.choice(TROUBLES)
        worker = chance.choice(self.workers)
        world.tell(f"disturbance: {kind} {worker.core_id}")
        if kind == "kill worker" and worker.alive:
            worker.kill()
            world.later(chance.uniform(0.01, 5.0), worker.restart)
        elif kind == "stop worker":
            worker.happen(e.StopRequested())
        elif kind == "crash":
            node = chance.choice([worker, self.manager])
            if node.alive:
                node.crash_after = chance.randrange(20)
                world.later(3.0, lambda: self._back(node))
        elif kind == "freeze worker":
            worker.freeze(chance.choice([0.3, 1.5, 3.0, 8.0]))
        elif kind == "freeze manager":
            self.manager.freeze(chance.choice([0.3, 1.5, 4.0]))
        elif kind == "cut" and worker.connections:
            worker.connections[chance.choice(sorted(worker.connections))].cut()
        elif kind == "partition":
            other = chance.choice([node for node in [self.manager, *self.workers] if node is not worker])
            pair = frozenset((worker.machine, other.machine))
            world.partitions.add(pair)
            world.later(chance.choice([0.3, 1.0, 3.0, 10.0]), lambda: world.partitions.discard(pair))
        elif kind == "kill manager" and self.manager.alive:
            self.manager.kill()
            world.later(chance.uniform(0.01, 4.0), self.manager.restart)
        elif kind == "kill process" and worker.processes:
            process_id = chance.choice(sorted(worker.processes))
            worker.processes[process_id].die("signal 9 (killed)")
        elif kind == "hang process":
            leaves = [p for p in worker.processes.values() if isinstance(p.compute.part, Leaf)]
            if leaves:
                chance.choice(leaves).hung_until = world.now + chance.choice([1.0, 4.0, 20.0])
        elif kind == "client":
            chance.choice(self.clients).go_away(chance.choice([0.1, 2.0, 20.0]))

    def _back(self, node: ManagerNode | WorkerNode) -> None:
        node.crash_after = None
        if not node.alive:
            node.restart()

    # ---- the end ---------------------------------------------------------------------------------------

    def run(self) -> World:
        """Until all is done; raises SimulationFailed with the story if it is not, or not right."""
        world = self.world
        while len(self._ends()) < len(self.specs):
            if not world.step() or world.now > DEADLINE_S:
                missing = [s.program_id for s in self.specs if s.program_id not in self._ends()]
                world.fail(f"programs without an end: {missing}\n{self.manager.core.snapshot()}")
        self._check_answers()
        self._check_values()
        self._check_tidy()
        self._check_kernels()
        return world

    def _ends(self) -> dict[str, object]:
        return {program_id: end for client in self.clients for program_id, end in client.ends.items()}

    def _check_answers(self) -> None:
        self.contents: dict[str, str] = {}
        dead: set[str] = set()
        for spec in self.specs:
            client = next(c for c in self.clients if spec.program_id in c.ends)
            end = client.ends[spec.program_id]
            hopeless = any(value_id in dead for value_id in spec.inputs)
            if end.outcome == "completed":
                right = answer(spec, self.contents)
                if end.end["answer"] != right:
                    self.world.fail(f"{spec.program_id} answered {end.end['answer']}")
                text = "".join(f"line {n}\n" for n in range(spec.prints))
                if client.printed.get(spec.program_id, "") != text:
                    self.world.fail(f"{spec.program_id} printed {client.printed.get(spec.program_id)!r}")
                for number in range(spec.values):
                    self.contents[f"{spec.program_id}.v{number}"] = value_content(right, number)
                continue
            dead.update(f"{spec.program_id}.v{number}" for number in range(spec.values))
            fits = (
                (end.outcome == "cancelled" and spec.program_id in client.cancelled)
                or (end.outcome == "crashed" and (spec.crashes or self.plan.disturbances > 2))
                or (end.outcome == "lost" and hopeless)
            )
            if not fits:
                self.world.fail(f"{spec.program_id} ended {end.outcome}: {end.reason}")

    def _check_values(self) -> None:
        """Every value that was not released can be had, and is what it should be."""
        world = self.world
        wanted = dict(self.contents)
        deadline = world.now + 200.0
        asked: dict[str, tuple[str, int]] = {}
        count = 0
        while wanted:
            for value_id in wanted:
                request_id, generation = asked.get(value_id, ("", 0))
                if (not request_id or generation != self.manager.generation) and self.manager.alive:
                    count += 1
                    asked[value_id] = (f"r{count}", self.manager.generation)
                    self.manager.happen(e.ValueWanted(f"r{count}", value_id))
            if not world.step() or world.now > deadline:
                world.fail(f"values that cannot be had: {sorted(wanted)}\n{self.manager.core.snapshot()}")
            for value_id in list(wanted):
                request_id = asked.get(value_id, ("", 0))[0]
                if request_id in self.manager.missed:
                    reason = self.manager.missed[request_id]
                    if not (self.plan.disturbances > 2 and "tried" in reason):
                        world.fail(f"{value_id} is missed: {reason}")
                    del wanted[value_id]
                elif request_id in self.manager.found:
                    if self._fetched(self.manager.found.pop(request_id), wanted[value_id]):
                        del wanted[value_id]
                    else:
                        del asked[value_id]

    def _fetched(self, found: e.ValueFound, content: str) -> bool:
        for worker in self.workers:
            if worker.alive and not worker.frozen and (worker.host, worker.base_port) == (found.host, found.base_port):
                data = worker.spool.get(found.value_id)
                if data is not None and data.decode() != content:
                    self.world.fail(f"the value {found.value_id} is wrong")
                return data is not None
        return False

    def _check_tidy(self) -> None:
        """When all is released and taken, the manager has forgotten everything, and workers hold nothing."""
        world = self.world
        self.world.tell("all values are released")
        until = world.now + 100.0
        released, look_at = False, 0
        while world.now < until:
            if not released and all(c.connected for c in self.clients) and self.manager.alive:
                for client in self.clients:
                    client.release(sorted(self.contents))
                released = True
            if not world.step():
                break
            if released and world.events >= look_at:
                look_at = world.events + 30 * len(self.workers)
                if not self._left_over():
                    return
        world.fail(f"left over at the end: {self._left_over()}")

    def _check_kernels(self) -> None:
        """In a calm night each kernel is compiled once."""
        if self.plan.disturbances or self.plan.network.loss:
            return
        known = set().union(*(worker.kernels for worker in self.workers))
        compiled = sum(worker.core.figures.compiled_kernels for worker in self.workers)
        if compiled > len(known):
            self.world.fail(f"{compiled} kernels were compiled, {len(known)} there are")

    def _left_over(self) -> list[str]:
        left = [f"job {job.program_id} ({job.state.value})" for job in self.manager.core.lineage.jobs.values()]
        left += [f"journaled {program_id}" for program_id in self.manager.journal]
        left += [f"offered {fold_id}" for fold_id in self.manager.core.offers.folds]
        left += [f"stored {name[:8]}" for name in self.manager.store]
        for worker in self.workers:
            core = worker.core
            left += [f"{worker.core_id} runs {program_id}" for program_id in core.home.programs]
            left += [f"{worker.core_id} has {value_id}" for value_id in core.home.values]
            left += [f"{worker.core_id} has the loop {fold_id}" for fold_id in core.folds.table]
            left += [f"{worker.core_id} has the offer {fold_id}" for fold_id in core.thief.offers]
            left += [f"{worker.core_id} has the leaf {process_id}" for process_id in core.slots.leaves]
            left += [f"{worker.core_id} reports {key}" for key in core.reports.table]
            # A process that was killed between writing a parcel and naming it leaves one that nobody knows of.
            left += [f"{worker.core_id} keeps {name[:40]}" for name in core.parcels.users]
        return left


def run_seed(seed: int, plan: Plan | None = None) -> World:
    """One scenario; raises SimulationFailed."""
    return Scenario(seed, plan).run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many scenarios")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    started, events, failed = time.perf_counter(), 0, []
    for seed in range(options.first, options.first + options.seeds):
        try:
            events += run_seed(seed).events
        except Exception as error:
            failed.append(seed)
            print(
                f"seed {seed}: {type(error).__name__}: {str(error).splitlines()[-1] if str(error) else ''}", flush=True
            )
            if options.seeds == 1:
                raise
    elapsed_s = time.perf_counter() - started
    print(f"{options.seeds} seeds, {events:,} events, {events / elapsed_s:,.0f} a second; failed: {failed}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
