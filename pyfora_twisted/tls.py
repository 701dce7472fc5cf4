"""What of a daemon's connections is under TLS: everything, or nothing."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure

from pyfora.certificates.roles import Role
from pyfora.configuration.config import Config
from pyfora.configuration.machine import this_machine
from pyfora.configuration.reading import ConfigError
from pyfora_twisted.ending import CannotStart
from pyfora_twisted.no_tls import PlainFactory

if TYPE_CHECKING:
    # OpenSSL takes 45 ms and 12 MB: a daemon without TLS does without it.
    from OpenSSL import SSL


Secured = Callable[[IStreamClientEndpoint], IStreamClientEndpoint]
"""Puts TLS over an endpoint, or leaves it as it is."""


class Tls:
    """The TLS of one daemon. `contexts` has one for each role of it; none at all: plain TCP everywhere."""

    def __init__(self, contexts: Mapping[Role, SSL.Context]) -> None:
        self._contexts = dict(contexts)

    def renew(self, found: Tls) -> None:
        """From now on new connections are made with the certificates of `found`; those that stand stay as they are."""
        self._contexts.update(found._contexts)

    def listening(self, role: Role, wanted: tuple[Role, ...], factory: Any, reactor: Any) -> Any:
        """`factory`, with TLS in front of it: as `role` to peers of the roles `wanted`; or with a word against it."""
        if not self._contexts:
            return PlainFactory(factory)
        from pyfora_twisted.tls_connections import ConnectionCreator, SpokenFactory

        return SpokenFactory(ConnectionCreator(lambda: self._contexts[role], wanted), False, factory, reactor)

    def calling(self, role: Role, wanted: Role) -> Secured:
        """Puts TLS over endpoints: as `role` to a peer of the role `wanted`."""
        if not self._contexts:
            return unsecured
        from pyfora_twisted.tls_connections import ConnectionCreator

        creator = ConnectionCreator(lambda: self._contexts[role], (wanted,))
        return lambda endpoint: wrapClientTLS(creator, endpoint)

    @property
    def scheme(self) -> str:
        """Of the URLs of the HTTP port."""
        return "https" if self._contexts else "http"


def unsecured(endpoint: IStreamClientEndpoint) -> IStreamClientEndpoint:
    """Plain TCP."""
    return endpoint


PLAIN = Tls({})


def read_tls(config: Config) -> tuple[Tls, tuple[str, ...]]:
    """The TLS that this configuration asks for, and lines for the log. Raises CannotStart."""
    if config.tls_dir is None:
        return PLAIN, ()
    from pyfora.certificates.checking import find_certificates
    from pyfora_twisted.tls_connections import make_context

    asked: dict[Role, bool] = {"manager": config.run_manager, "worker": config.run_worker}
    roles = [role for role, wanted in asked.items() if wanted]
    contexts: dict[Role, SSL.Context] = {}
    notices = []
    for role in roles:
        try:
            found = find_certificates(config.tls_dir, role, this_machine(), datetime.datetime.now(datetime.UTC))
            contexts[role] = make_context(found)
        except ConfigError as error:
            raise CannotStart(f"TLS cannot be used: {error}") from None
        if found.notice:
            notices.append(found.notice)
    return Tls(contexts), tuple(notices)


def loss_in_words(transport: Any, reason: Failure) -> str:
    """Why a TLS connection ended that was not of use yet; empty where TLS had no part in it."""
    if reason.type.__module__.partition(".")[0] != "OpenSSL":
        return ""
    from pyfora.certificates.words import reason_in_words
    from pyfora_twisted.tls_connections import REFUSAL, openssl_words

    refusal: str = getattr(transport, REFUSAL, "")
    return refusal or reason_in_words(openssl_words(reason.value))
