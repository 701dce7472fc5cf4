"""Why a manager was not reached, and what to do about it: one sentence for each."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyfora.client.address import Address

_OR_TLS = ", or an 'https://…' one where the manager speaks TLS"


def unreachable(address: Address, error: BaseException) -> str:
    """Nothing answers there."""
    if isinstance(error, http.client.RemoteDisconnected):
        return not_pyfora(address)
    if isinstance(error, TimeoutError):
        what = "did not answer in time"
    else:
        what = f"cannot be reached ({getattr(error, 'strerror', None) or error})"
    if address.security is not None:
        what += ", or does not speak TLS"
    return (
        f"the manager at {address.url} {what}. Check the address, and that a manager is running there "
        "(`twistd -n pyfora` starts one); pyfora.connect() without a URL needs none."
    )


def not_pyfora(address: Address) -> str:
    """Something else answers there."""
    return (
        f"what answers at {address.url} is not a pyfora manager. Give the URL of the manager's client port "
        f"(30000 unless UFORA_WEB_HTTP_PORT says otherwise){'' if address.security else _OR_TLS}."
    )


def turned_away(address: Address, said: bytes) -> str:
    """The manager says why it does not take such a request."""
    reason = error_in(said).splitlines()
    return f"the manager at {address.url} turned this client away: {reason[0] if reason else 'no reason given'}."


def speaks_tls(address: Address) -> str:
    """TLS answers there."""
    return (
        f"what answers at {address.url} speaks TLS. Use 'https://{address.url.partition('://')[2]}', with the "
        "certificates of a client (connect(..., tls=DIRECTORY), or UFORA_TLS_DIR)."
    )


def unproved(address: Address) -> str:
    """It takes our proof, and has none of its own."""
    return (
        f"what answers at {address.url} could not prove that it knows the token: it is another program, or somebody "
        "in between. Check the address; nothing it says is believed."
    )


def wrong_token(address: Address) -> str:
    """The manager wants a token, or another one."""
    which = "another token than the one given" if address.token else "a token"
    return (
        f"the manager at {address.url} asks for {which}. Give connect(..., token=...), or name the file that holds it "
        "in UFORA_TOKEN_FILE."
    )


def tokenless(address: Address) -> str:
    """It asks for no token, and so has none to prove itself with."""
    return (
        f"the manager at {address.url} has no token, and cannot prove that it is yours. Check the address; or, where "
        "that is meant, leave the token out (argument, UFORA_TOKEN, UFORA_TOKEN_FILE)."
    )


def error_in(body: bytes) -> str:
    """The sentence of the manager's answer to what it refused; what is not of that form, as it is."""
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace").strip()
