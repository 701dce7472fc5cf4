"""The doors of real daemons: who does not know the token gets nothing, on any port, and is told why."""

from __future__ import annotations

import http.client
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyfora
from pyfora.client.address import parse_address
from pyfora.errors import WireError
from pyfora.wire.door import CALLER, HELLO_BYTES, PROOF_BYTES, Door
from pyfora_twisted.no_tls import SENTENCE
from tests.daemons import Cluster, Daemon, free_ports, wait_for

pytestmark = pytest.mark.cluster

TOKEN = "the-c4nary-of-the-cluster"
PORTS = ("registry", "control", "data")


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with a token."""
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    with Cluster(workers=1, settings={"UFORA_TOKEN_FILE": str(token), "UFORA_BIND_ADDRESS": "127.0.0.1"}) as cluster:
        yield cluster


def port_of(cluster: Cluster, name: str) -> int:
    worker = cluster.workers[0].base_port
    return {"registry": cluster.registry_port, "control": worker, "data": worker + 1}[name]


def receive(connection: socket.socket, size: int) -> bytes:
    """So many bytes, or what came before the end."""
    data = b""
    while len(data) < size:
        try:
            piece = connection.recv(size - len(data))
        except ConnectionResetError:
            break
        if not piece:
            break
        data += piece
    return data


def knock(port: int, token: bytes, name: str) -> tuple[bool, bytes]:
    """Whether a caller with this token was let in (both ways), and all that it said."""
    door = Door(CALLER, token, secrets.token_bytes(32), name.encode())
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        hello = door.start()
        connection.sendall(hello)
        proof = door.receive(receive(connection, HELLO_BYTES))
        connection.sendall(proof)
        answer = receive(connection, PROOF_BYTES)
        if answer:
            door.receive(answer)
    return door.open, hello + proof


@pytest.mark.parametrize("name", PORTS)
def test_the_token_opens_each_port_both_ways(closed: Cluster, name: str) -> None:
    assert knock(port_of(closed, name), TOKEN.encode(), name)[0]


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize("token", [b"", b"guess"])
def test_another_token_opens_nothing(closed: Cluster, name: str, token: bytes) -> None:
    assert not knock(port_of(closed, name), token, name)[0]


@pytest.mark.parametrize(("name", "meant"), [(name, meant) for name in PORTS for meant in PORTS if name != meant])
def test_a_proof_for_another_port_opens_nothing(closed: Cluster, name: str, meant: str) -> None:
    assert not knock(port_of(closed, name), TOKEN.encode(), meant)[0]


@pytest.mark.parametrize("name", PORTS)
def test_what_opened_a_port_once_does_not_open_it_again(closed: Cluster, name: str) -> None:
    opened, said = knock(port_of(closed, name), TOKEN.encode(), name)
    assert opened
    with socket.create_connection(("127.0.0.1", port_of(closed, name)), 10) as connection:
        connection.sendall(said)
        assert len(receive(connection, HELLO_BYTES + PROOF_BYTES)) <= HELLO_BYTES, "its hello, and nothing more"


@pytest.mark.parametrize("name", PORTS)
@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", bytes(1000)])
def test_another_protocol_is_closed_at_once(closed: Cluster, name: str, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port_of(closed, name)), 3) as connection:
        connection.sendall(sent)
        assert len(receive(connection, 10_000)) <= HELLO_BYTES + len(SENTENCE)


@pytest.mark.parametrize("name", [*PORTS, "http"])
def test_who_says_nothing_is_sent_away(closed: Cluster, name: str) -> None:
    port = closed.http_port if name == "http" else port_of(closed, name)
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        assert len(receive(connection, 10_000)) <= HELLO_BYTES


@pytest.mark.parametrize("name", PORTS)
def test_a_caller_does_not_believe_an_impostor(name: str) -> None:
    """What takes a daemon's port but does not know the token proves nothing, and is left."""
    door = Door(CALLER, TOKEN.encode(), secrets.token_bytes(32), name.encode())
    impostor = Door(b"keeper", b"guess", secrets.token_bytes(32), name.encode())
    proof = door.receive(impostor.start())
    with pytest.raises(WireError, match="token"):
        impostor.receive(door.start() + proof)
    with pytest.raises(WireError, match="token"):
        door.receive(secrets.token_bytes(PROOF_BYTES))


def test_clients_need_the_token(closed: Cluster) -> None:
    with pytest.raises(pyfora.ConnectionError, match="asks for a token"):
        pyfora.connect(closed.url, timeout=10, token="")
    with pytest.raises(pyfora.ConnectionError, match="another token"):
        pyfora.connect(closed.url, timeout=10, token="guess")
    with pyfora.connect(closed.url, timeout=20, token=TOKEN, progress=False) as executor:
        with executor.remotely.remoteAll():
            values = [i * i for i in range(20_000)]
        assert values.toLocal().result() == [i * i for i in range(20_000)]
    assert parse_address(closed.url, TOKEN).status()["workers"]


def test_tools_may_show_the_token(closed: Cluster) -> None:
    for token, status in ((TOKEN, 200), ("guess", 401)):
        connection = http.client.HTTPConnection("127.0.0.1", closed.http_port, timeout=10)
        connection.request("GET", "/api/v1/status", headers={"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == status
        connection.close()


def test_a_worker_with_another_token_is_refused_in_words_on_both_sides(closed: Cluster, tmp_path: Path) -> None:
    stranger = Daemon(
        "stranger",
        tmp_path / "stranger",
        {
            "UFORA_MANAGER_ADDRESS": "127.0.0.1",
            "UFORA_MANAGER_PORT": str(closed.registry_port),
            "UFORA_WORKER_OWN_ADDRESS": "127.0.0.1",
            "UFORA_WORKER_BASE_PORT": str(free_ports(2)),
            "UFORA_WORKER_CORES": "1",
            "UFORA_TOKEN": "guess",
            "UFORA_BIND_ADDRESS": "127.0.0.1",
        },
    )
    try:
        wait_for("its complaint", lambda: "does it have the same token" in stranger.log.read_text())
        wait_for("ours", lambda: "the peer does not know this cluster's token" in closed.manager.log.read_text())
        status = closed.status()
        assert status is not None and len(status["workers"]) == 1
    finally:
        stranger.stop()
