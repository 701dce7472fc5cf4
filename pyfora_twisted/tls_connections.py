"""TLS 1.3 by OpenSSL: both ends show a certificate of the cluster, and its role is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import service_identity
from OpenSSL import SSL
from service_identity.cryptography import extract_patterns
from service_identity.hazmat import URI_ID, verify_service_identity
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from pyfora.certificates.checking import Certificates, uris_of
from pyfora.certificates.roles import Role, role_uri
from pyfora.certificates.words import other_role_in_words, verification_in_words
from pyfora.configuration.reading import ConfigError
from pyfora_twisted.tls import loss_in_words

_log = Logger()
REFUSAL = "pyfora_refusal"
"""The attribute of a TLS transport that says why this end did not take the other's certificate."""


@implementer(IOpenSSLServerConnectionCreator, IOpenSSLClientConnectionCreator)
class ConnectionCreator:
    """Makes TLS connections on which the other end must show a certificate of one of `wanted`.

    `context` gives what to make the next one with: certificates are renewed while a daemon runs.
    """

    def __init__(self, context: Callable[[], SSL.Context], wanted: tuple[Role, ...]) -> None:
        self._context = context
        self._wanted = wanted
        self._identities = [URI_ID(role_uri(role)) for role in wanted]

    def serverConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """For the end that listens."""
        return self._connection(tlsProtocol)

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """For the end that calls."""
        return self._connection(tlsProtocol)

    def _connection(self, tlsProtocol: Any) -> SSL.Connection:
        connection = SSL.Connection(self._context(), None)

        def verify(_: Any, certificate: Any, code: int, depth: int, fine: int) -> bool:
            # Within the handshake: nothing of ours is sent to, or taken from, an end that is not who it should be.
            refusal = "" if fine else verification_in_words(code)
            if fine and depth == 0:
                refusal = self._other_role(certificate)
            if refusal:
                setattr(tlsProtocol, REFUSAL, refusal)
            return not refusal

        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection

    def _other_role(self, certificate: Any) -> str:
        """Empty where the certificate has one of the roles that are wanted, else the sentence."""
        try:
            patterns = extract_patterns(certificate.to_cryptography())
        except service_identity.CertificateError:
            patterns = []
        for identity in self._identities:
            try:
                verify_service_identity(patterns, obligatory_ids=[identity], optional_ids=[])
            except service_identity.VerificationError:
                continue
            return ""
        return other_role_in_words(uris_of(certificate.to_cryptography()), self._wanted)


class SpokenTls(BufferingTLSTransport):
    """Says in the log why a handshake failed: what is behind TLS would not say it, or never hear of it."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end of the connection."""
        # OpenSSL's reason; Twisted passes it on to what is behind, which may be anything.
        words = loss_in_words(self, getattr(self, "_reason", None) or reason)
        if words:
            _log.warn("{peer} was not let in: {reason}", peer=self.getPeer(), reason=words)
        super().connectionLost(reason)


class SpokenFactory(TLSMemoryBIOFactory):
    """TLS for a port that listens."""

    protocol = SpokenTls
    noisy = False


def make_context(certificates: Certificates) -> SSL.Context:
    """TLS 1.3 and nothing below, no sessions that would go round the verification. Raises ConfigError."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    try:
        context.use_certificate_file(str(certificates.certificate))
        context.use_privatekey_file(str(certificates.key))
        context.check_privatekey()
        context.load_verify_locations(str(certificates.authority))
    except SSL.Error as error:
        raise ConfigError(
            f"the certificates of a {certificates.role} cannot be used ({openssl_words(error)})."
        ) from None
    return context


def openssl_words(error: BaseException | None) -> str:
    """OpenSSL's own words for what went wrong."""
    found = error.args[0] if error is not None and error.args else ""
    if isinstance(found, (list, tuple)) and found:
        return ", ".join(str(one[-1]) for one in found if one)
    return str(found)
