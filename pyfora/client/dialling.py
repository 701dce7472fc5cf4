"""A TCP connection to a manager, within a given time whatever the resolver or the first addresses do."""

from __future__ import annotations

import queue
import socket
import threading
import time


def dial(host: str, port: int, timeout_s: float) -> socket.socket:
    """A connected socket. Raises OSError (TimeoutError after `timeout_s`) for the last address that was tried."""
    deadline = time.monotonic() + timeout_s
    failure: OSError = TimeoutError("timed out")
    for family, address in _addresses(host, port, timeout_s):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        dialled = socket.socket(family, socket.SOCK_STREAM)
        try:
            dialled.settimeout(left)
            dialled.connect(address)
            dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            dialled.settimeout(None)
        except BaseException as error:
            dialled.close()
            if not isinstance(error, OSError):
                raise
            failure = error
            continue
        return dialled
    raise failure


def _addresses(host: str, port: int, timeout_s: float) -> list[tuple[int, tuple[str, int]]]:
    # getaddrinfo has no timeout of its own, and may well take half a minute.
    answers: queue.SimpleQueue[list[tuple[int, tuple[str, int]]] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(family, address) for family, _, _, _, address in found])  # type: ignore[misc]
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=resolve, name="pyfora-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise TimeoutError(f"the name {host} could not be resolved in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer
