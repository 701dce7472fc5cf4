"""Two ends under TLS over wires in memory: who is let in where, and what each end says of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.test import iosim

from pyfora.certificates.roles import Role
from pyfora.wire.door import CALLER, KEEPER
from pyfora_twisted.admission import guarded
from pyfora_twisted.door import DoorFactory
from pyfora_twisted.tls import PLAIN, Tls
from pyfora_twisted.tls_connections import ConnectionCreator, SpokenFactory, make_context
from tests.certificates.made import files


class Greeting(Protocol):
    """Behind the door: sends a line, keeps what comes."""

    def __init__(self) -> None:
        self.received = b""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(b"behind the door")

    def dataReceived(self, data: bytes) -> None:
        self.received += data


class Ends:
    """A port, a caller, and what became of it."""

    def __init__(self) -> None:
        self.clock: Any = Clock()
        self.behind: list[Greeting] = []
        self.shut: list[str] = []
        self.logged: list[str] = []

    def build(self, _: Any) -> Greeting:
        self.behind.append(Greeting())
        return self.behind[-1]

    def door(self, role: bytes) -> DoorFactory:
        return DoorFactory(
            role, b"t", self.build, self.clock, b"data", shut=self.shut.append if role == CALLER else None
        )

    def port(self, whose: str | None, role: Role, wanted: tuple[Role, ...], context: SSL.Context | None = None) -> Any:
        """What listens: under TLS, or without where `whose` is None."""
        factory: Any = self.door(KEEPER)
        if whose is None:
            factory = PLAIN.listening(role, wanted, factory, self.clock)
        else:
            creator = ConnectionCreator(lambda: context or make_context(files(whose, role)), wanted)
            factory = SpokenFactory(creator, False, factory, self.clock)
        return guarded(factory, "port", self.clock)

    def caller(self, whose: str | None, role: Role, wanted: Role, context: SSL.Context | None = None) -> Any:
        if whose is None:
            return self.door(CALLER)
        creator = ConnectionCreator(lambda: context or make_context(files(whose, role)), (wanted,))
        return TLSMemoryBIOFactory(creator, True, self.door(CALLER), self.clock)

    def connect(self, port: Any, caller: Any) -> None:
        server, client = port.buildProtocol(None), caller.buildProtocol(None)
        pump = iosim.connect(server, iosim.makeFakeServer(server), client, iosim.makeFakeClient(client), greet=False)
        for _ in range(5):
            pump.flush()
            self.clock.advance(0.01)

    def log(self, event: Any) -> None:
        if "reason" in event:
            self.logged.append(str(event["reason"]))


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    globalLogPublisher.addObserver(ends.log)
    yield ends
    globalLogPublisher.removeObserver(ends.log)


def assert_refused(ends: Ends, keeper_said: str, caller_said: str) -> None:
    assert ends.behind == [], "nothing behind the door was ever made"
    assert any(keeper_said in line for line in ends.logged), ends.logged
    assert any(caller_said in line for line in ends.shut), ends.shut


PORTS: dict[str, tuple[Role, tuple[Role, ...]]] = {
    "registry": ("manager", ("worker",)),
    "http": ("manager", ("client", "manager")),
    "control": ("worker", ("worker",)),
    "data": ("worker", ("worker", "manager")),
}
ROLES: tuple[Role, ...] = ("manager", "worker", "client")


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize("role", ROLES)
def test_each_port_lets_in_its_roles_and_no_other(ends: Ends, name: str, role: Role) -> None:
    keeper, wanted = PORTS[name]
    ends.connect(ends.port("ours", keeper, wanted), ends.caller("ours", role, keeper))
    if role in wanted:
        assert [one.received for one in ends.behind] == [b"behind the door"] * 2
    else:
        belongs = " or a ".join(wanted)
        assert_refused(
            ends, f"the certificate of a {role}, where that of a {belongs} belongs", "does not accept our certificate"
        )


@pytest.mark.parametrize("role", ["worker", "client"])
def test_a_caller_leaves_a_port_that_is_not_its_manager(ends: Ends, role: Role) -> None:
    """Somebody of the cluster with another role has taken the manager's address."""
    ends.connect(ends.port("ours", role, ("worker",)), ends.caller("ours", "worker", "manager"))
    # A client's certificate is not even for listening; OpenSSL says so before we look at the role.
    said = "a client's cannot listen" if role == "client" else "of a worker, where that of a manager belongs"
    assert_refused(ends, "", said)


def test_another_cluster_is_refused_on_both_sides(ends: Ends) -> None:
    ends.connect(ends.port("ours", "manager", ("worker",)), ends.caller("other", "worker", "manager"))
    assert_refused(ends, "does not know the authority", "not of this cluster's authority")


def test_a_caller_of_another_cluster_that_trusts_ours_is_refused(ends: Ends) -> None:
    context = make_context(files("other", "worker"))
    context.load_verify_locations(str(files("ours", "worker").authority))
    ends.connect(ends.port("ours", "manager", ("worker",)), ends.caller("other", "worker", "manager", context))
    assert_refused(ends, "not of this cluster's authority", "does not know the authority")


def test_an_expired_caller_is_refused_on_both_sides(ends: Ends) -> None:
    ends.connect(ends.port("ours", "manager", ("worker",)), ends.caller("expired", "worker", "manager"))
    assert_refused(ends, "certificate has expired", "our certificate has expired")


def test_an_expired_keeper_is_refused_on_both_sides(ends: Ends) -> None:
    ends.connect(ends.port("expired", "manager", ("worker",)), ends.caller("ours", "worker", "manager"))
    assert_refused(ends, "our certificate has expired", "the other end's certificate has expired")


def test_a_caller_without_a_certificate_is_refused(ends: Ends) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    context.load_verify_locations(str(files("ours", "worker").authority))
    ends.connect(ends.port("ours", "manager", ("worker",)), ends.caller("ours", "worker", "manager", context))
    assert_refused(ends, "showed no certificate", "asks for a certificate of this cluster")


def test_a_caller_of_tls_1_2_is_refused(ends: Ends) -> None:
    context = make_context(files("ours", "worker"))
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    ends.connect(ends.port("ours", "manager", ("worker",)), ends.caller("ours", "worker", "manager", context))
    assert_refused(ends, "does not speak TLS 1.3", "does not speak TLS 1.3")


def test_a_plain_caller_at_a_port_under_tls(ends: Ends) -> None:
    ends.connect(ends.port("ours", "manager", ("worker",)), ends.caller(None, "worker", "manager"))
    assert_refused(ends, "does not speak TLS: set UFORA_TLS_DIR there too", "and speak TLS where this does?")


def test_a_caller_under_tls_at_a_plain_port(ends: Ends) -> None:
    ends.connect(ends.port(None, "manager", ("worker",)), ends.caller("ours", "worker", "manager"))
    assert_refused(
        ends, "the peer speaks TLS, and this end does not", "does not speak TLS: set UFORA_TLS_DIR there too"
    )


def test_http_at_a_port_under_tls_is_told_to_use_https(ends: Ends) -> None:
    server = ends.port("ours", "manager", ("client",)).buildProtocol(None)
    transport = iosim.makeFakeServer(server)
    server.makeConnection(transport)
    server.dataReceived(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    transport.reportDisconnect()
    assert any("use https://" in line for line in ends.logged), ends.logged


def test_a_caller_that_never_shakes_hands_is_closed(ends: Ends) -> None:
    port = ends.port("ours", "manager", ("worker",))
    server = port.buildProtocol(None)
    transport = iosim.makeFakeServer(server)
    server.makeConnection(transport)
    ends.clock.advance(4)
    assert not transport.disconnecting
    ends.clock.advance(2)
    assert transport.disconnecting


def test_renewed_certificates_are_for_new_connections(ends: Ends) -> None:
    """Of a port that was opened before the renewal; who has only the old ones is a stranger then."""
    keeper = Tls({"manager": make_context(files("ours", "manager"))})
    port = guarded(keeper.listening("manager", ("worker",), ends.door(KEEPER), ends.clock), "port", ends.clock)
    ends.connect(port, ends.caller("ours", "worker", "manager"))
    assert len(ends.behind) == 2
    keeper.renew(Tls({"manager": make_context(files("other", "manager"))}))
    ends.connect(port, ends.caller("other", "worker", "manager"))
    assert [one.received for one in ends.behind] == [b"behind the door"] * 4
    ends.connect(port, ends.caller("ours", "worker", "manager"))
    assert len(ends.behind) == 4 and "not of this cluster's authority" in ends.shut[-1]
