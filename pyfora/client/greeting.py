"""The first messages of a connection: who we are, and whether the manager takes us."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from pyfora.client.address import Address, not_pyfora, unreachable, wrong_token
from pyfora.errors import ConnectionError, WireError
from pyfora.limits import MESSAGE_LIMIT_BYTES
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.messages import ClientHello, Refused, Welcome

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
_PING_INTERVAL_S = 5.0
_PING_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 1.0


class NotReached(Exception):
    """The manager was not reached this time; `str()` is the sentence for the user."""


def our_libm_fingerprint() -> str:
    """The fingerprint of this process' mathematical functions."""
    try:
        libm = importlib.import_module("pyfora.fold.libm")
    except ModuleNotFoundError:
        return ""
    return str(libm.libm_fingerprint())


def open_session(address: Address, session_id: str, timeout_s: float) -> tuple[ClientConnection, Welcome]:
    """A connection that the manager has welcomed. Raises NotReached (try again) or ConnectionError (do not)."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
    from websockets.sync.client import connect

    import pyfora

    try:
        socket = connect(
            address.socket_url,
            additional_headers=address.headers,
            compression=None,
            proxy=None,
            max_size=MESSAGE_LIMIT_BYTES,
            open_timeout=timeout_s,
            close_timeout=_CLOSE_TIMEOUT_S,
            ping_interval=_PING_INTERVAL_S,
            ping_timeout=_PING_TIMEOUT_S,
        )
    except InvalidStatus as error:
        if error.response.status_code in (401, 403):
            raise ConnectionError(wrong_token(address)) from None
        if error.response.status_code >= 500:
            raise NotReached(unreachable(address, error)) from None
        raise ConnectionError(not_pyfora(address)) from None
    except InvalidMessage as error:
        if isinstance(error.__cause__, EOFError):
            raise NotReached(not_pyfora(address)) from None
        raise ConnectionError(not_pyfora(address)) from None
    except InvalidHandshake:
        raise ConnectionError(not_pyfora(address)) from None
    except OSError as error:
        raise NotReached(unreachable(address, error)) from None
    try:
        hello = ClientHello(session_id, pyfora.__version__, PYTHON_VERSION, our_libm_fingerprint())
        socket.send(encode_message(hello))
        data = socket.recv(timeout=timeout_s)
        if isinstance(data, str):
            raise ConnectionError(not_pyfora(address))
        answer = decode_message(data, (Welcome, Refused))
        if isinstance(answer, Refused):
            raise ConnectionError(f"the manager at {address.url} refused this client: {answer.reason}")
        assert isinstance(answer, Welcome)
        check_versions(address, answer, pyfora.__version__)
    except (ConnectionClosed, TimeoutError) as error:
        socket.close()
        raise NotReached(unreachable(address, error)) from None
    except WireError:
        socket.close()
        raise ConnectionError(not_pyfora(address)) from None
    except BaseException:
        socket.close()
        raise
    return socket, answer


def check_versions(address: Address, welcome: Welcome, ours: str) -> None:
    """Raise ConnectionError unless the manager's Python and pyfora are ours."""
    if welcome.python_version != PYTHON_VERSION:
        raise ConnectionError(
            f"the cluster at {address.url} runs Python {welcome.python_version}, this is Python {PYTHON_VERSION}; code "
            f"and values do not travel between them. Use Python {welcome.python_version} here, or {PYTHON_VERSION} there."
        )
    if welcome.pyfora_version != ours:
        raise ConnectionError(
            f"the cluster at {address.url} runs pyfora {welcome.pyfora_version}, this is pyfora {ours}. "
            f"Install the same one on both sides: pip install pyfora=={welcome.pyfora_version}."
        )
