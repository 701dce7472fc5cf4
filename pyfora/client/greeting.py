"""The first messages of a connection: who we are, and whether the manager takes us."""

from __future__ import annotations

import sys
import time
import warnings
from http.client import HTTPException
from typing import TYPE_CHECKING

from pyfora.client.address import Address
from pyfora.client.asking import SAID_LIMIT_BYTES, Asking
from pyfora.client.unreached import not_pyfora, turned_away, unreachable, wrong_token
from pyfora.errors import ConnectionError, WireError
from pyfora.limits import MESSAGE_LIMIT_BYTES
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.http_door import PROOF_HEADER
from pyfora.wire.messages import ClientHello, Refused, Welcome

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_PING_INTERVAL_S = 5.0
_PING_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 1.0
_QUEUE_MESSAGES = 64
"""Received messages that wait for us before we stop reading."""
_WHEN_REFUSED = "Change that, and call pyfora.connect() again."


class NotReached(Exception):
    """The manager was not reached this time; `str()` is the sentence for the user."""


def our_libm_fingerprint() -> str:
    """The fingerprint of this process' mathematical functions."""
    from pyfora.fold.libm import libm_fingerprint

    return libm_fingerprint()


def warn_of_other_libm(address: Address, welcome: Welcome) -> bool:
    """Warn (a UserWarning) where the workers' mathematical functions are not ours, bit for bit; whether it was so."""
    if welcome.libm_fingerprint in ("", our_libm_fingerprint()):
        return False
    warnings.warn(
        f"the C mathematics of the cluster at {address.url} are not those of this machine: a sine or a logarithm may "
        "differ from the local one in its last bit. For the same bits use the same C library and kind of CPU.",
        stacklevel=2,
    )
    return True


def open_session(address: Address, session_id: str, timeout_s: float) -> tuple[ClientConnection, Welcome]:
    """A connection that the manager has welcomed. Raises NotReached (try again) or ConnectionError (do not)."""
    deadline = time.monotonic() + timeout_s
    socket = _open_socket(address, deadline)
    try:
        return socket, _greet(socket, address, session_id, deadline)
    except BaseException:
        # Not socket.close(): a peer that never answers would be waited for once more.
        socket.close_socket()
        raise


def _open_socket(address: Address, deadline: float) -> ClientConnection:
    from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, WebSocketException
    from websockets.sync.client import connect

    try:
        asking = Asking(address, _left(deadline))
        headers = asking.headers("GET", "/ws")
        dialled = asking.take_socket()
    except OSError as error:
        raise NotReached(unreachable(address, error)) from None
    except HTTPException:
        raise NotReached(not_pyfora(address)) from None
    try:
        socket = connect(
            address.socket_url,
            # A socket of ours: no redirect is followed, which might carry the token elsewhere.
            sock=dialled,
            additional_headers=headers,
            compression=None,
            proxy=None,
            max_size=MESSAGE_LIMIT_BYTES,
            max_queue=_QUEUE_MESSAGES,
            open_timeout=_left(deadline),
            close_timeout=_CLOSE_TIMEOUT_S,
            ping_interval=_PING_INTERVAL_S,
            ping_timeout=_PING_TIMEOUT_S,
        )
    except InvalidStatus as error:
        if error.response.status_code == 401:
            raise ConnectionError(wrong_token(address)) from None
        if error.response.status_code == 403:
            raise ConnectionError(turned_away(address, bytes(error.response.body[:SAID_LIMIT_BYTES]))) from None
        if error.response.status_code >= 500:
            raise NotReached(unreachable(address, error)) from None
        raise ConnectionError(not_pyfora(address)) from None
    except InvalidMessage as error:
        if isinstance(error.__cause__, EOFError):
            raise NotReached(not_pyfora(address)) from None
        raise ConnectionError(not_pyfora(address)) from None
    except (InvalidHandshake, ValueError):
        raise ConnectionError(not_pyfora(address)) from None
    except (WebSocketException, AssertionError):
        # Who speaks first, or hangs up while we speak, makes websockets raise either of these.
        raise NotReached(not_pyfora(address)) from None
    except OSError as error:
        raise NotReached(unreachable(address, error)) from None
    try:
        asking.check(101, socket.response.headers.get(PROOF_HEADER) if socket.response else None)
    except ConnectionError:
        socket.close_socket()
        raise
    # Its own `with` would close it; entering alone is what newer versions want of one that is kept.
    return socket.__enter__()


def _greet(socket: ClientConnection, address: Address, session_id: str, deadline: float) -> Welcome:
    from websockets.exceptions import ConnectionClosed

    import pyfora

    try:
        hello = ClientHello(session_id, pyfora.__version__, PYTHON_VERSION, our_libm_fingerprint())
        socket.send(encode_message(hello))
        data = socket.recv(timeout=_left(deadline))
        if isinstance(data, str):
            raise ConnectionError(not_pyfora(address))
        answer = decode_message(data, (Welcome, Refused))
    except (ConnectionClosed, TimeoutError) as error:
        raise NotReached(unreachable(address, error)) from None
    except WireError:
        raise ConnectionError(not_pyfora(address)) from None
    if isinstance(answer, Refused):
        raise ConnectionError(
            f"the manager at {address.url} refused this client: {answer.reason.rstrip('.')}. {_WHEN_REFUSED}"
        )
    assert isinstance(answer, Welcome)
    check_versions(address, answer, pyfora.__version__)
    return answer


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


def check_versions(address: Address, welcome: Welcome, ours: str) -> None:
    """Raise ConnectionError unless the manager's Python and pyfora are ours."""
    if welcome.python_version != PYTHON_VERSION:
        raise ConnectionError(
            f"the cluster at {address.url} runs Python {welcome.python_version}, this is Python {PYTHON_VERSION}; "
            f"code does not travel between them. Use Python {welcome.python_version} here, or {PYTHON_VERSION} there."
        )
    if welcome.pyfora_version != ours:
        raise ConnectionError(
            f"the cluster at {address.url} runs pyfora {welcome.pyfora_version}, this is pyfora {ours}. "
            f"Install the same one on both sides: pip install pyfora=={welcome.pyfora_version}."
        )
