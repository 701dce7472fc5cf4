"""A port without TLS says so to a caller that speaks it, and in the log."""

from __future__ import annotations

from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from pyfora.wire.door import TLS_RECORDS

SENTENCE = b"pyfora: no TLS here\n"
"""OpenSSL takes what is no record of TLS for one of a wrong version; its user is told that this end speaks no TLS."""
_log = Logger()


class PlainConnection(ProtocolWrapper):
    """Looks at the first byte that comes, and at nothing more."""

    _looked = False
    _refused = False

    def dataReceived(self, data: bytes) -> None:
        """Pass it on, unless it is a handshake."""
        if not self._looked:
            self._looked = True
            self._refused = data[:1] in TLS_RECORDS
            if self._refused:
                _log.warn(
                    "{peer} was not let in: {reason}",
                    peer=self.getPeer(),
                    reason="the peer speaks TLS, and this end does not: set UFORA_TLS_DIR here too, or nowhere",
                )
                self.write(SENTENCE)
                self.loseConnection()
        if not self._refused:
            super().dataReceived(data)


class PlainFactory(WrappingFactory):
    """Puts that look in front of a factory."""

    protocol = PlainConnection
    noisy = False
