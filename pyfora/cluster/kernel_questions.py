"""What the drivers of a worker want to know of the cluster's kernels: passed on to its manager, and back."""

from __future__ import annotations

from pyfora.cluster.figures import WorkerFigures
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.processes import Processes
from pyfora.wire.messages import KernelAnswered, KernelBuilt, KernelWanted


class KernelQuestions:
    """Which process waits for which kernel. A driver asks for one at a time, and waits in bounded time by itself."""

    def __init__(self, outbox: Outbox, processes: Processes, figures: WorkerFigures) -> None:
        self.alone = True
        """There has been no other worker in the cluster."""
        self.waiting: dict[str, str] = {}
        """Process id -> key of the kernel that it has asked for last."""
        self._outbox = outbox
        self._processes = processes
        self._figures = figures

    def wanted(self, process_id: str, message: KernelWanted, manager_id: str) -> None:
        """A driver lacks a kernel; `manager_id`: of the manager to be asked, empty where it is silent."""
        channel = self._outbox.channels.find(manager_id, "manager")
        if self.alone or channel is None or not channel.joined:
            self._outbox.tell(process_id, KernelAnswered(message.key, b""))
            return
        self.waiting = {one: key for one, key in self.waiting.items() if one in self._processes.live}
        self.waiting[process_id] = message.key
        self._outbox.send_aside(manager_id, "manager", message)

    def answered(self, message: KernelAnswered) -> None:
        """The manager has the kernel, or has it compiled here."""
        for process_id in [one for one, key in self.waiting.items() if key == message.key]:
            del self.waiting[process_id]
            self._outbox.tell(process_id, message)
            self._figures.fetched_kernels += bool(message.payload)

    def built(self, process_id: str, message: KernelBuilt, manager_id: str) -> None:
        """A driver has compiled a kernel, or could not; it waits for no answer any more."""
        self.waiting.pop(process_id, None)
        self._figures.compiled_kernels += message.compiled
        self._outbox.send_aside(manager_id, "manager", message)
