"""What systemd passes to a service in its environment: where to report, how often, which sockets are open already."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field

FIRST_SOCKET = 3
"""The descriptor of the first socket that is handed over; the others follow it (sd_listen_fds(3))."""


class Notifier:
    """Tells systemd how the service is, by the protocol of sd_notify(3); silent where nobody listens."""

    def __init__(self, address: str) -> None:
        """`address`: the path of a datagram socket, `@` first for an abstract one, or empty."""
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @property
    def is_heard(self) -> bool:
        """Whether a service manager has asked for reports."""
        return bool(self._address)

    def say(self, *lines: str) -> None:
        """Send lines such as `READY=1`, all in one datagram. Never raises, never waits.

        What cannot be delivered is dropped: the next report follows, and the watchdog decides about a service that is
        not heard for too long.
        """
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto("\n".join(line.replace("\n", " ") for line in lines).encode(), self._address)

    def ready(self) -> None:
        """The service does what it is there for."""
        self.say("READY=1")

    def reloading(self) -> None:
        """What may change while it runs is being read again; `ready` ends it."""
        self.say("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str) -> None:
        """The service ends; `status` says what it is still busy with."""
        self.say("STOPPING=1", f"STATUS={status}")


@dataclass(frozen=True)
class Supervision:
    """What a service manager wants of this process; nothing where there is none."""

    notifier: Notifier = field(default_factory=lambda: Notifier(""))
    watchdog_s: float = 0.0
    """The service has to say that it is alive at least this often; 0: it need not."""
    sockets: dict[str, int] = field(default_factory=dict)
    """Listening sockets by the name that their unit gives them -> file descriptor."""


def take_supervision(environ: MutableMapping[str, str]) -> Supervision:
    """What the environment says, taken out of it: the processes of users' programs are not the service."""
    names, owner = environ.pop("LISTEN_FDNAMES", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDS", None)
    # Twisted's ListenFDs was the rejected way: its own plugins, where they were loaded before us, have taken
    # LISTEN_PID and LISTEN_FDS out of the environment. They do so only where these were meant for this process.
    is_ours = bool(names) and owner in ("", str(os.getpid()))
    sockets = dict(zip(names.split(":"), itertools.count(FIRST_SOCKET), strict=False)) if is_ours else {}
    address = environ.pop("NOTIFY_SOCKET", "")
    period_us, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
    is_watched = period_us.isdigit() and pid in ("", str(os.getpid()))
    return Supervision(Notifier(address), int(period_us) / 1e6 if is_watched else 0.0, sockets)
