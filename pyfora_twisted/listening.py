"""Opening a port, or saying in one line why it cannot be."""

from __future__ import annotations

import errno
import os
import socket
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


def adopt(reactor: Any, descriptor: int, factory: Any, what: str) -> Any:
    """Serve on a socket that a service manager has opened. Raises CannotStart where it is no listening TCP socket."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as found:
            is_listening = found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            family = found.family
    except OSError as error:
        raise CannotStart(
            f"The {what} was to be handed over, but descriptor {descriptor} is no socket: {error}."
        ) from None
    if not is_listening or family not in (socket.AF_INET, socket.AF_INET6):
        raise CannotStart(f"The {what} was handed over, but it is no listening TCP socket: see the .socket unit.")
    os.set_blocking(descriptor, False)
    port = reactor.adoptStreamPort(descriptor, family, factory)
    os.close(descriptor)  # adoptStreamPort has made its own
    return port


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
