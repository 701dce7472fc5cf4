"""How a worker that was asked to stop takes its leave: what it can finish it finishes, the rest goes to others."""

from __future__ import annotations

from pyfora.cluster.home import Home
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.reports import Reports
from pyfora.cluster.thief import Thief
from pyfora.limits import LEAVE_LIMIT_S
from pyfora.wire.messages import WorkerLeaving

LAST_WORDS_S = 1.0
"""How long what was handed back at the last moment may take to be acknowledged."""


class Leaving:
    """Begun once, and never taken back. While nobody has asked, every method here does nothing.

    Ending every program at once was the rejected way: most take less than a second, and would be run twice for nothing.
    """

    def __init__(self, outbox: Outbox, home: Home, thief: Thief, reports: Reports) -> None:
        self.asked = False
        self._until = 0.0
        self._outbox = outbox
        self._home = home
        self._thief = thief
        self._reports = reports

    def begin(self, manager_id: str, now: float) -> None:
        """This worker was asked to stop."""
        if not self.asked:
            self.asked, self._until = True, now + LEAVE_LIMIT_S
            self.tell(manager_id, now)

    def tell(self, manager_id: str, now: float) -> None:
        """Have the manager place nothing here any more. A manager that we register with anew is told anew."""
        if self.asked and manager_id:
            self._outbox.send(manager_id, "manager", WorkerLeaving(), now)

    def sweep(self, now: float) -> None:
        """Hand back what has not come to its end in time."""
        if self.asked and now >= self._until:
            self._home.hand_back(now)
            self._thief.let_go()

    def is_over(self, manager_id: str, now: float) -> bool:
        """Whether nothing is here any more that anybody waits for, or nobody is there to whom it could be given."""
        if not self.asked:
            return False
        channel = self._outbox.channels.find(manager_id, "manager")
        if channel is None or not channel.joined or now >= self._until + LAST_WORDS_S:
            return True
        return not (self._home.programs or self._reports.table or self._thief.has_runs() or channel.outgoing)
