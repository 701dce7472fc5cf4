"""A connection that is kept: dialled, lost, dialled again, each failure in words."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from twisted.application.internet import ClientService
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocolFactory, IStreamClientEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from pyfora_twisted.tls import Secured

_log = Logger()
CONNECT_TIMEOUT_S = 5.0
_FIRST_DELAY_S = 0.05
_LONGEST_DELAY_S = 1.0
_SAID_AT = (1, 2, 3, 5, 10, 30, 100)
"""Which of the failures in a row are worth a line; after that every hundredth."""


@implementer(IStreamClientEndpoint)
class _SpokenEndpoint:
    """An endpoint whose failures are told: ClientService keeps them to itself."""

    def __init__(self, endpoint: Any, failed: Callable[[str], None]) -> None:
        self._endpoint = endpoint
        self._failed = failed

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        """Connect; a failure is told, and passed on."""
        deferred: Deferred[Any] = self._endpoint.connect(protocolFactory)

        def tell(failure: Failure) -> Failure:
            self._failed(failure.getErrorMessage() or type(failure.value).__name__)
            return failure

        return deferred.addErrback(tell)


class Dialler:
    """Keeps a connection to host:port until `stop`. `what` says in the log what is dialled; `secured` puts TLS over it.

    `failed(reason)` is called for every dial that led nowhere; `succeeded()` is to be called once the connection is
    of use, which is later than that it stands: a peer that closes at the door must not be dialled without pause.
    """

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        factory: Any,
        what: str,
        secured: Secured,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        self._what = f"{what} at {host}:{port}"
        self._told = failed
        self._failures = 0
        endpoint = secured(HostnameEndpoint(reactor, host, port, timeout=CONNECT_TIMEOUT_S))
        self._service = ClientService(
            _SpokenEndpoint(endpoint, self.failed), factory, retryPolicy=self._delay, clock=reactor
        )

    def start(self) -> None:
        """Dial."""
        self._service.startService()

    def stop(self) -> Any:
        """Close, and dial no more. Returns a Deferred."""
        return self._service.stopService()

    def succeeded(self) -> None:
        """The connection is of use: the next loss starts counting anew."""
        self._failures = 0

    def failed(self, reason: str) -> None:
        """A dial led nowhere."""
        self._failures += 1
        if self._failures in _SAID_AT or self._failures % 100 == 0:
            _log.warn(
                "No connection to {what} ({reason}); trying again (failure {count} in a row)",
                what=self._what,
                reason=reason.rstrip("."),
                count=self._failures,
            )
        if self._told is not None:
            self._told(reason)

    def _delay(self, _attempts: int) -> float:
        # ClientService counts from the last connection that stood, which a shut door would reset each time.
        delay = min(_FIRST_DELAY_S * 2.0 ** min(self._failures, 10), _LONGEST_DELAY_S)
        return delay * random.uniform(0.8, 1.2)
