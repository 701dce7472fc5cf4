"""Manager, workers and clients of the simulated world: the shells around the two cores."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from pyfora.cluster import events as e
from pyfora.cluster.invariants import check_manager, check_worker
from pyfora.cluster.manager import Manager
from pyfora.cluster.worker import Worker
from pyfora.wire.messages import Message
from tests.cluster.fakes import ComputeProcess
from tests.cluster.world import Connection, Node, World

VERSIONS = ("0.1.0", "3.11")
LIBM = "fingerprint"


class ManagerNode(Node):
    """A manager, with what survives it: its journal and its store of parcels."""

    def __init__(self, world: World, machine: str = "manager") -> None:
        self.generation = 0
        self.journal: dict[str, e.JournaledProgram] = {}
        self.kernels: dict[str, bytes] = {}
        self.store: dict[str, bytes] = {}
        self.clients: dict[str, Any] = {}
        """session id -> the client that is connected."""
        self.found: dict[str, e.ValueFound] = {}
        self.missed: dict[str, str] = {}
        super().__init__(world, machine, self._new_core(), self._new_id)
        self.happen(e.JournalRead([]))

    def _new_core(self) -> Manager:
        self.generation += 1
        self._new_id = f"manager{self.generation}"
        return Manager(self._new_id, *VERSIONS)

    def check(self) -> None:
        check_manager(self.core)

    def kill(self) -> None:
        super().kill()
        for client in list(self.clients.values()):
            client.disconnected()

    def restart(self) -> None:
        if self.alive:
            return
        self.core = self._new_core()
        self.core_id = self._new_id
        self.alive, self.crash_after, self._wake_at = True, None, None
        self.connections.clear()
        self.world.nodes[self.core_id] = self
        named = {program.submission.fingerprint for program in self.journal.values()}
        self.store = {name: data for name, data in self.store.items() if name in named}
        self.world.tell(f"{self.core_id} starts with {len(self.journal)} programs in its journal")
        self.happen(e.JournalRead(list(self.journal.values())))
        self.happen(e.KernelsRead(dict(self.kernels)))

    def perform(self, effect: Any) -> None:
        if isinstance(effect, e.TellClient):
            client = self.clients.get(effect.session_id)
            if client is not None:
                client.receive(effect.message)
        elif isinstance(effect, e.Record):
            self.journal[effect.program.program_id] = effect.program
        elif isinstance(effect, e.KeepKernel):
            self.kernels[effect.key] = effect.kernel
        elif isinstance(effect, e.DropKernel):
            self.kernels.pop(effect.key, None)
        elif isinstance(effect, e.Forget):
            self.journal.pop(effect.program_id, None)
        elif isinstance(effect, e.PushParcel):
            self._push(effect)
        elif isinstance(effect, e.DropParcel):
            self.store.pop(effect.name, None)
        elif isinstance(effect, e.ValueFound):
            self.found[effect.request_id] = effect
        elif isinstance(effect, e.ValueMissed):
            self.missed[effect.request_id] = effect.reason
        elif isinstance(effect, e.DropPeer):
            connection = self.connections.get((effect.peer_id, effect.role))
            if connection is not None:
                connection.cut()

    def _push(self, effect: e.PushParcel) -> None:
        data = self.store.get(effect.name)
        if data is None:
            self.world.fail(f"the parcel {effect.name[:8]} is to be pushed, but was dropped")
            return
        core_id = self.core_id

        def done() -> None:
            if self.core_id != core_id or not self.alive:
                return
            node = self.world.nodes.get(effect.worker_id)
            if isinstance(node, WorkerNode) and not node.frozen and self.world.can_talk(self, node):
                node.spool[effect.name] = data
                self.happen(e.ParcelPushed(effect.worker_id, effect.name))
            else:
                self.happen(e.ParcelPushFailed(effect.worker_id, effect.name, "no answer"))

        self.world.later(0.005 + 0.02 * self.world.chance.random(), done)


class WorkerNode(Node):
    """A worker, with its spool and its compute processes."""

    def __init__(self, world: World, machine: str, cores: int, manager: ManagerNode) -> None:
        self.generation = 0
        self.cores = cores
        self.manager = manager
        self.host, self.base_port = machine, 30009
        self.kernels: dict[str, bytes] = {}
        """On its disk, where a restart leaves them."""
        self.locks: dict[str, SimulatedProcess] = {}
        """Who has, or compiles, which of them; while that process lives."""
        self._fresh()
        world.workers[self.host] = self
        super().__init__(world, machine, self._new_core(), self._new_id)
        self.happen(e.Ticked())
        self._register()

    def _fresh(self) -> None:
        self.spool: dict[str, bytes] = {}
        self.processes: dict[str, SimulatedProcess] = {}
        self.joining: set[str] = set()

    def _new_core(self) -> Worker:
        self.generation += 1
        self._new_id = f"{self.host}.{self.generation}"
        return Worker(self._new_id, self.host, self.base_port, self.cores, *VERSIONS, LIBM)

    def check(self) -> None:
        check_worker(self.core)

    def kill(self) -> None:
        super().kill()
        self.processes.clear()

    def freeze(self, duration_s: float) -> None:
        """With its compute processes."""
        super().freeze(duration_s)

    def restart(self) -> None:
        if self.alive:
            return
        self._fresh()
        self.core = self._new_core()
        self.core_id = self._new_id
        self.alive, self.crash_after, self._wake_at = True, None, None
        self.connections.clear()
        self.world.nodes[self.core_id] = self
        self.world.workers[self.host] = self
        self.world.tell(f"{self.core_id} starts")
        self.happen(e.Ticked())

    # ---- connections -----------------------------------------------------------------------------------

    def _register(self) -> None:
        """Like a ClientService: always connected to the manager, or trying."""
        key = (self.manager.core_id, "manager")
        if self.alive and not self.frozen and key not in self.connections:
            up = self.manager.alive and not self.manager.frozen and self.world.can_talk(self, self.manager)
            if up and not self.core.over:
                Connection(self, self.manager, "manager")
        self.world.later(0.1 + 0.1 * self.world.chance.random(), self._register)

    def _join(self, core_id: str, effect: e.JoinPeer) -> None:
        if self.core_id != core_id or not self.alive or effect.worker_id not in self.joining:
            return
        if (effect.worker_id, "home") not in self.connections and not self.frozen:
            node = self.world.nodes.get(effect.worker_id)
            if node is not None and not node.frozen and self.world.can_talk(self, node):
                Connection(self, node, "home")
            else:
                self.happen(e.PeerLeft(effect.worker_id, "home"))
        self.world.later(0.1 + 0.1 * self.world.chance.random(), lambda: self._join(core_id, effect))

    # ---- effects ---------------------------------------------------------------------------------------

    def perform(self, effect: Any) -> None:
        if isinstance(effect, e.TellProcess):
            process = self.processes.get(effect.process_id)
            if process is not None:
                process.told(effect.message)
        elif isinstance(effect, e.StartProcess):
            SimulatedProcess(self, effect.process_id)
        elif isinstance(effect, e.KillProcess):
            if self.processes.pop(effect.process_id, None) is not None:
                self._event_later(0.001, e.ProcessDied(effect.process_id, "killed"))
        elif isinstance(effect, e.StoreParcel):
            self.spool[effect.name] = effect.data
        elif isinstance(effect, e.DropParcel):
            self.spool.pop(effect.name, None)
        elif isinstance(effect, e.FetchParcel):
            self._fetch(effect)
        elif isinstance(effect, e.JoinPeer):
            self.joining.add(effect.worker_id)
            self.world.later(0.001, lambda core_id=self.core_id: self._join(core_id, effect))
        elif isinstance(effect, e.DropPeer):
            self.joining.discard(effect.peer_id)
            connection = self.connections.get((effect.peer_id, effect.role))
            if connection is not None:
                connection.cut()
        elif isinstance(effect, e.StartAgain):
            self.kill()
            self.restart()
        elif isinstance(effect, e.EndWorker):
            self.kill()
            self.world.later(0.01 + self.world.chance.random(), self.restart)
        elif isinstance(effect, e.StopDaemon):
            self.world.fail(f"{self.core_id} is told to stop: {effect.reason}")

    def _event_later(self, delay_s: float, event: e.Event) -> None:
        core_id = self.core_id
        self.world.later(delay_s, lambda: self.core_id == core_id and self.happen(event))

    def _fetch(self, effect: e.FetchParcel) -> None:
        core_id = self.core_id

        def done() -> None:
            if self.core_id != core_id or not self.alive:
                return
            node = self.world.worker_at(effect.host)
            if node is not None and not node.frozen and self.world.can_talk(self, node) and effect.name in node.spool:
                self.spool[effect.name] = node.spool[effect.name]
                self.happen(e.ParcelArrived(effect.name))
                return
            self.happen(e.ParcelMissed(effect.name, "no answer"))

        self.world.later(0.003 + 0.01 * self.world.chance.random(), done)


class SimulatedProcess:
    """A compute process on its worker: slow to start, mortal."""

    def __init__(self, worker: WorkerNode, process_id: str) -> None:
        self.worker = worker
        self.process_id = process_id
        self.spool = worker.spool
        self.kernels = worker.kernels
        self.chance: random.Random = worker.world.chance
        self.compute = ComputeProcess(self)
        self.hung_until = 0.0
        self._parked: list[Callable[[], None]] = []
        worker.processes[process_id] = self
        if self.random() < 0.01:
            self.later(0.01, lambda: self.die("could not be forked"))
        else:
            self.later(0.005 + 0.01 * self.random(), lambda: worker.happen(e.ProcessStarted(process_id)))

    def random(self) -> float:
        return self.chance.random()

    def lock(self, key: str) -> bool:
        """Whether this process alone asks for the kernel now, or compiles it."""
        holder = self.worker.locks.get(key)
        if holder is not None and self.worker.processes.get(holder.process_id) is holder:
            return False
        self.worker.locks[key] = self
        return True

    def unlock(self, key: str) -> None:
        del self.worker.locks[key]

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Unless the process is dead by then; not while its machine is frozen."""

        def act() -> None:
            if self.worker.processes.get(self.process_id) is not self:
                return
            if self.worker.frozen or self.worker.world.now < self.hung_until:
                self._parked.append(action)
                if len(self._parked) == 1:
                    self.worker.world.later(0.05, self._unpark)
            elif self._parked:
                self._parked.append(action)
            else:
                action()

        self.worker.world.later(delay_s, act)

    def _unpark(self) -> None:
        """What was to happen while the process stood still happens now, in order."""
        if self.worker.processes.get(self.process_id) is not self:
            return
        if self.worker.frozen or self.worker.world.now < self.hung_until:
            if self.hung_until < 1e8:
                self.worker.world.later(0.05, self._unpark)
            return
        parked, self._parked = self._parked, []
        for action in parked:
            if self.worker.processes.get(self.process_id) is self:
                action()

    def told(self, message: Message) -> None:
        self.worker.world.tell(f"   {self.process_id} << {message}")
        self.later(0.0002, lambda: self.compute.tell(message))

    def say(self, message: Message) -> None:
        def arrive() -> None:
            if self.worker.processes.get(self.process_id) is self:
                self.worker.happen(e.ProcessSaid(self.process_id, message))

        self.worker.world.later(0.0002, arrive)

    def die(self, reason: str) -> None:
        if self.worker.processes.pop(self.process_id, None) is self:
            self.worker.happen(e.ProcessDied(self.process_id, reason))

    def wrong(self, text: str) -> None:
        self.worker.world.fail(f"{self.process_id}: {text}")
