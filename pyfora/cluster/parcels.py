"""What a daemon keeps in its store of parcels, those on their way there included."""

from __future__ import annotations

from collections.abc import Callable

from pyfora.cluster.events import DropParcel, FetchParcel
from pyfora.cluster.outbox import Outbox
from pyfora.limits import PARCEL_LINGER_S

Fetched = Callable[[str | None, float], None]
"""Called with why a parcel could not be had, or None when it is here, and the time."""


class Parcels:
    """Counts who needs which parcel; one that nobody needs is deleted a while later.

    Not at once: names are hashes of contents, so somebody may just be about to name the same parcel again.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.users: dict[str, int] = {}
        self.fetching: dict[str, list[Fetched]] = {}
        self._leaving: dict[str, float] = {}
        self._outbox = outbox

    def keep(self, name: str) -> None:
        """Somebody (more) needs this parcel, which is here."""
        self.users[name] = self.users.get(name, 0) + 1
        self._leaving.pop(name, None)

    def release(self, name: str, now: float) -> None:
        """Somebody needs it no more."""
        count = self.users.get(name, 0) - 1
        if count > 0:
            self.users[name] = count
        elif count == 0:
            del self.users[name]
            self._leaving[name] = now + PARCEL_LINGER_S

    def drop(self, name: str) -> None:
        """Delete it at once: its name will never be used again."""
        self.users.pop(name, None)
        self._leaving.pop(name, None)
        self._outbox.emit(DropParcel(name))

    def has(self, name: str) -> bool:
        """Whether it is known to be here."""
        return name in self.users or name in self._leaving

    def fetch(self, name: str, size_bytes: int, host: str, base_port: int, done: Fetched) -> None:
        """Bring a parcel here; `done` is called later, and once it is here it counts as kept by the caller."""
        waiting = self.fetching.setdefault(name, [])
        waiting.append(done)
        if len(waiting) == 1:
            self._outbox.emit(FetchParcel(name, size_bytes, host, base_port))

    def arrived(self, name: str, now: float) -> None:
        """A fetched parcel is here."""
        for done in self.fetching.pop(name, []):
            self.keep(name)
            done(None, now)

    def missed(self, name: str, reason: str, now: float) -> None:
        """A parcel could not be fetched."""
        for done in self.fetching.pop(name, []):
            done(reason, now)

    def sweep(self, now: float) -> None:
        """Delete what nobody has needed for a while."""
        for name in [name for name, at in self._leaving.items() if at <= now]:
            del self._leaving[name]
            self._outbox.emit(DropParcel(name))
