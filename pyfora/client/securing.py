"""The client's end of TLS: its certificate, and a look at the manager's before a word is said."""

from __future__ import annotations

import datetime
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from pyfora.certificates.roles import Role, role_uri
from pyfora.certificates.words import other_role_in_words, reason_in_words, verification_in_words
from pyfora.configuration.machine import this_machine
from pyfora.configuration.reading import ConfigError
from pyfora.errors import ConnectionError

BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""Errors of the ssl module that say that the connection broke, and nothing of who is at its other end."""


@dataclass(frozen=True)
class Security:
    """The certificates in `directory`, loaded; two of one directory are equal."""

    directory: Path
    context: ssl.SSLContext = field(repr=False, compare=False)
    peer: Role = "manager"
    """What the other end has to be."""

    def wrap(self, plain: socket.socket, host: str, timeout_s: float) -> ssl.SSLSocket:
        """TLS over a connected socket, whose end is then ours to close.

        Raises ConnectionError where the other end is no `peer` of this cluster, OSError where it is lost.
        """
        plain.settimeout(timeout_s)
        try:
            secured = self.context.wrap_socket(plain, server_hostname=host)
        except OSError as error:
            plain.close()
            if isinstance(error, ssl.SSLError) and not isinstance(error, BROKEN):
                raise ConnectionError(self._refused(error_in_words(error))) from None
            raise
        # The role is what counts, not the host's name: through an SSH tunnel every manager is "localhost".
        shown = secured.getpeercert() or {}
        names = shown.get("subjectAltName", ())
        uris = [str(name[1]) for name in names if isinstance(name, tuple) and name[0] == "URI"]
        if role_uri(self.peer) not in uris:
            secured.close()
            raise ConnectionError(self._refused(other_role_in_words(uris, (self.peer,))))
        secured.settimeout(None)
        return secured

    def _refused(self, sentence: str) -> str:
        return f"the connection to the {self.peer} is not to be trusted: {sentence}."


def error_in_words(error: ssl.SSLError) -> str:
    """The sentence for an error of the ssl module."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return verification_in_words(error.verify_code)
    return reason_in_words(error.reason or str(error))


def read_security(directory: str, role: Role = "client", peer: Role = "manager") -> Security:
    """The certificates of `role` in `directory`, to speak to a `peer`.

    Raises ConnectionError where they cannot be used.
    """
    # Here, for it loads the cryptography library, which a client without TLS has no use for.
    from pyfora.certificates.checking import find_certificates

    path = Path(directory).expanduser().absolute()
    try:
        found = find_certificates(path, role, this_machine(), datetime.datetime.now(datetime.UTC))
    except ConfigError as error:
        raise ConnectionError(f"TLS cannot be used: {error}") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_verify_locations(found.authority)
    context.load_cert_chain(found.certificate, found.key)
    return Security(path, context, peer)
