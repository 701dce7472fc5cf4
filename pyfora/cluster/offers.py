"""The parallel loops of the cluster that may be stolen from, as its manager passes them on."""

from __future__ import annotations

from collections.abc import Callable

from pyfora.cluster.membership import Member, Membership
from pyfora.cluster.outbox import Outbox
from pyfora.limits import FOLDS_LIMIT
from pyfora.wire.messages import FoldClosed, WorkOffered


class Offers:
    """Tells every worker of the open loops of the others."""

    def __init__(self, outbox: Outbox, membership: Membership) -> None:
        self.folds: dict[str, str] = {}
        """Fold id -> home worker."""
        self._outbox = outbox
        self._membership = membership

    def opened(self, fold_id: str, home_id: str, now: float) -> None:
        """A loop is under way at this worker."""
        mine = sum(1 for other in self.folds.values() if other == home_id)
        if fold_id in self.folds or mine >= FOLDS_LIMIT:
            return
        self.folds[fold_id] = home_id
        for member in self._membership.members.values():
            self._offer(fold_id, member, now)

    def joined(self, member: Member, now: float) -> None:
        """A new worker hears of all that is open."""
        for fold_id in self.folds:
            self._offer(fold_id, member, now)

    def closed(self, fold_id: str, now: float) -> None:
        """The loop has ended."""
        home_id = self.folds.pop(fold_id, None)
        if home_id is None:
            return
        for worker_id in self._membership.members:
            if worker_id != home_id:
                self._outbox.send(worker_id, "worker", FoldClosed(fold_id), now)

    def close_where(self, wrong: Callable[[str, str], bool], now: float) -> None:
        """Close all loops for which `wrong(fold id, home id)`."""
        for fold_id, home_id in list(self.folds.items()):
            if wrong(fold_id, home_id):
                self.closed(fold_id, now)

    def _offer(self, fold_id: str, member: Member, now: float) -> None:
        home = self._membership.members.get(self.folds[fold_id])
        if home is not None and home is not member:
            offer = WorkOffered(fold_id, home.worker_id, home.host, home.base_port)
            self._outbox.send(member.worker_id, "worker", offer, now)
