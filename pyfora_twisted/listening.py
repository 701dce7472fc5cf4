"""Opening a port, or saying in one line why it cannot be."""

from __future__ import annotations

import errno
from typing import Any

from twisted.internet.error import CannotListenError

from pyfora.limits import ARRIVALS_WAITING_LIMIT
from pyfora_twisted.ending import CannotStart

PAIR_TRIES = 100


def listen(reactor: Any, port: int, factory: Any, interface: str, what: str, variable: str) -> Any:
    """Listen on a TCP port. Raises CannotStart with a line on what to change."""
    try:
        return reactor.listenTCP(port, factory, backlog=ARRIVALS_WAITING_LIMIT, interface=interface)
    except CannotListenError as error:
        number = getattr(error.socketError, "errno", None)
        if number == errno.EADDRINUSE:
            why = f"port {port} on {interface} is taken: is a daemon running already? Stop it, or set {variable}"
        elif number == errno.EACCES:
            why = f"this user may not listen on port {port}: set {variable} to a port above 1023"
        elif number == errno.EADDRNOTAVAIL:
            why = f"{interface} is not an address of this machine: set UFORA_BIND_ADDRESS to one that is"
        else:
            why = f"it is not possible to listen on {interface}, port {port} ({error.socketError}): set {variable}"
        raise CannotStart(f"The {what} cannot be opened: {why}.") from None


def listen_pair(reactor: Any, base_port: int, factories: tuple[Any, Any], interface: str) -> list[Any]:
    """Listen on a worker's two consecutive ports; `base_port` 0: any two. Raises CannotStart."""
    variable = "UFORA_WORKER_BASE_PORT"
    control_factory, data_factory = factories
    if base_port:
        control = listen(reactor, base_port, control_factory, interface, "control port", variable)
        return [control, listen(reactor, base_port + 1, data_factory, interface, "data port", variable)]
    for _ in range(PAIR_TRIES):
        control = listen(reactor, 0, control_factory, interface, "control port", variable)
        port = control.getHost().port
        if port < 65535:
            try:
                return [control, listen(reactor, port + 1, data_factory, interface, "data port", variable)]
            except CannotStart:
                pass
        control.stopListening()
    raise CannotStart("There are no two consecutive free ports on this machine.")
