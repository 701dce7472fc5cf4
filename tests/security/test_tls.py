"""A cluster under TLS: real daemons, a real client, and those who do not belong."""

from __future__ import annotations

import math
import shutil
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyfora
from pyfora.certificates.roles import ROLES, Role
from pyfora.cli import main
from pyfora.client.health import health_text
from tests.certificates.made import directory, files
from tests.daemons import Cluster, Daemon, free_ports, wait_for

pytestmark = pytest.mark.cluster

LOOPBACK = {"UFORA_BIND_ADDRESS": "127.0.0.1"}


@pytest.fixture(scope="module")
def secured() -> Iterator[Cluster]:
    """A cluster whose every connection is under TLS."""
    with Cluster(workers=2, settings={"UFORA_TLS_DIR": str(directory("ours")), **LOOPBACK}) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def plain() -> Iterator[Cluster]:
    """One without."""
    with Cluster(workers=0) as cluster:
        yield cluster


def worker_settings(cluster: Cluster, **settings: str) -> dict[str, str]:
    return {
        "UFORA_MANAGER_ADDRESS": "127.0.0.1",
        "UFORA_MANAGER_PORT": str(cluster.registry_port),
        "UFORA_WORKER_OWN_ADDRESS": "127.0.0.1",
        "UFORA_WORKER_BASE_PORT": str(free_ports(2)),
        "UFORA_WORKER_CORES": "1",
        **LOOPBACK,
        **settings,
    }


def test_blocks_values_and_stealing_under_tls(secured: Cluster) -> None:
    assert secured.url.startswith("https://")
    with pyfora.connect(secured.url, timeout=20, tls=str(directory("ours")), progress=False) as executor:
        with executor.remotely.downloadAll():
            total = sum(math.sin(i) for i in range(3_000_000))
        with executor.remotely.remoteAll():
            large = [float(i) for i in range(300_000)]
        with executor.remotely.downloadAll():
            last = large[-1]
        assert large.toLocal().result() == [float(i) for i in range(300_000)]
    assert total.hex() == sum(math.sin(i) for i in range(3_000_000)).hex() and last == 299_999.0
    logs = "".join(worker.log.read_text() for worker in secured.workers)
    assert "Connected to home" in logs, "one worker took leaves from the other, over the control port"


def test_a_websocket_url_and_the_variable(secured: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UFORA_TLS_DIR", str(directory("ours")))
    url = secured.url.replace("https", "wss")
    with pyfora.connect(url, timeout=20, progress=False) as executor:
        assert executor.getWorkerCount() == 2
    assert main(["status", secured.url]) == 0


def test_health_is_asked_with_the_certificate_of_the_daemon_that_is_there(secured: Cluster, tmp_path: Path) -> None:
    """As in a container: without a URL, with the daemon's own settings, and no files but those of its role."""
    places: dict[str, dict[str, str]] = {}
    for role in ("manager", "worker"):
        places[role] = {"UFORA_TLS_DIR": str(tmp_path / role), "UFORA_DATA_DIR": str(tmp_path / "data"), **LOOPBACK}
        (tmp_path / role).mkdir()
        for file in ("ca.pem", f"{role}.pem", f"{role}.key"):
            shutil.copy2(directory("ours") / file, tmp_path / role)
    places["manager"] |= {"UFORA_NO_WORKER": "1", "UFORA_WEB_HTTP_PORT": str(secured.http_port)}
    base_port = str(secured.workers[0].base_port)
    places["worker"] |= {"UFORA_MANAGER_ADDRESS": "127.0.0.1", "UFORA_WORKER_BASE_PORT": base_port}
    for role, settings in places.items():
        assert health_text(None, settings, ready=True, timeout_s=10).startswith(f"the {role} at ")
        with pytest.raises(pyfora.ConnectionError):
            health_text(None, settings | {"UFORA_TLS_DIR": str(directory("other"))}, ready=True, timeout_s=10)


def test_a_client_without_tls_is_told_of_it(secured: Cluster) -> None:
    url = secured.url.replace("https", "http")
    with pytest.raises(pyfora.ConnectionError, match=r"'https://…' one where the manager speaks TLS"):
        pyfora.connect(url, timeout=5)
    with pytest.raises(pyfora.ConnectionError, match=r"'https://…' one where the manager speaks TLS"):
        pyfora.connect(url, timeout=5, token="t")
    said = "speaks plain HTTP, and this port speaks TLS"
    wait_for("the manager's line", lambda: said in secured.manager.log.read_text())


def test_a_client_with_tls_at_a_plain_manager(plain: Cluster) -> None:
    with pytest.raises(pyfora.ConnectionError, match="the other end does not speak TLS"):
        pyfora.connect(plain.url.replace("http", "https"), timeout=5, tls=str(directory("ours")))
    said = "the peer speaks TLS, and this end does not"
    wait_for("the manager's line", lambda: said in plain.manager.log.read_text())


def test_a_client_of_another_cluster(secured: Cluster) -> None:
    with pytest.raises(pyfora.ConnectionError, match="not of this cluster's authority"):
        pyfora.connect(secured.url, timeout=5, tls=str(directory("other")))


def test_an_expired_client_is_told_before_it_calls(secured: Cluster) -> None:
    with pytest.raises(pyfora.ConnectionError, match=r"client\.pem expired on .*renew it"):
        pyfora.connect(secured.url, timeout=5, tls=str(directory("expired")))


def test_a_client_does_not_take_a_worker_for_its_manager(secured: Cluster) -> None:
    port = secured.workers[0].base_port
    with pytest.raises(pyfora.ConnectionError, match="certificate of a worker, where that of a manager belongs"):
        pyfora.connect(f"https://127.0.0.1:{port}", timeout=5, tls=str(directory("ours")))


PORTS: dict[str, tuple[Role, ...]] = {
    "http": ("client", "manager"),
    "registry": ("worker",),
    "control": ("worker",),
    "data": ("worker", "manager"),
}


def shake_hands(port: int, whose: str, role: Role | None) -> str:
    """What came of a handshake as `role`, and of a byte after it: "" or OpenSSL's reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(files("ours", "client").authority)
    if role is not None:
        found = files(whose, role)
        context.load_cert_chain(found.certificate, found.key)
    with socket.create_connection(("127.0.0.1", port), 10) as raw:
        try:
            with context.wrap_socket(raw) as secured:
                assert secured.version() == "TLSv1.3"
                secured.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
                return "" if secured.recv(1) else "closed"
        except ssl.SSLError as error:
            return error.reason or "refused"
        except ConnectionResetError:
            return "reset"


@pytest.mark.parametrize("name", PORTS)
def test_each_port_lets_in_its_roles_only(secured: Cluster, name: str) -> None:
    base = secured.workers[0].base_port
    port = {"http": secured.http_port, "registry": secured.registry_port, "control": base, "data": base + 1}[name]
    for role in ROLES:
        # At a door, what we send is no hello: but ours is answered by its hello first.
        assert (shake_hands(port, "ours", role) == "") == (role in PORTS[name]), role
        assert shake_hands(port, "other", role) and shake_hands(port, "expired", role), role
    assert shake_hands(port, "ours", None)


def test_tls_below_1_3_is_refused(secured: Cluster) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", secured.http_port), 10) as raw, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(raw)


def test_a_plain_worker_at_a_manager_under_tls(secured: Cluster, tmp_path: Path) -> None:
    worker = Daemon("plain", tmp_path / "plain", worker_settings(secured))
    try:
        wait_for("its line", lambda: "and speak TLS where this does?" in worker.log.read_text())
        wait_for("ours", lambda: "does not speak TLS: set UFORA_TLS_DIR" in secured.manager.log.read_text())
    finally:
        worker.stop()


def test_a_worker_under_tls_at_a_plain_manager(plain: Cluster, tmp_path: Path) -> None:
    worker = Daemon("tls", tmp_path / "tls", worker_settings(plain, UFORA_TLS_DIR=str(directory("ours"))))
    try:
        wait_for("its line", lambda: "does not speak TLS: set UFORA_TLS_DIR" in worker.log.read_text())
        wait_for("ours", lambda: "the peer speaks TLS, and this end does not" in plain.manager.log.read_text())
    finally:
        worker.stop()


def test_a_worker_of_another_cluster(secured: Cluster, tmp_path: Path) -> None:
    worker = Daemon("other", tmp_path / "other", worker_settings(secured, UFORA_TLS_DIR=str(directory("other"))))
    try:
        wait_for("its line", lambda: "is not of this cluster's authority" in worker.log.read_text())
        wait_for("ours", lambda: "does not know the authority that made our" in secured.manager.log.read_text())
    finally:
        worker.stop()


def test_daemons_do_not_start_with_certificates_that_are_none(plain: Cluster, tmp_path: Path) -> None:
    readable = tmp_path / "readable"
    shutil.copytree(directory("ours"), readable)
    (readable / "worker.key").chmod(0o644)
    for place, said in (
        (directory("expired"), "worker.pem expired on"),
        (readable, "can be read or changed by other users (mode 0644)"),
        (tmp_path / "none", "ca.pem cannot be read: No such file"),
    ):
        worker = Daemon("bad", tmp_path / place.name, worker_settings(plain, UFORA_TLS_DIR=str(place)))
        assert worker.process.wait(20) == 1
        (line,) = worker.log.read_text().strip().splitlines()
        assert line.startswith("pyfora: TLS cannot be used: ") and said in line


def test_a_client_finds_its_answer_after_the_manager_was_killed(tmp_path: Path) -> None:
    """Under TLS and with a token: what breaks in a handshake or a proof is tried again."""
    settings = {"UFORA_TLS_DIR": str(directory("ours")), "UFORA_TOKEN": "of-the-night", **LOOPBACK}
    with Cluster(workers=1, settings=settings) as cluster:
        tls = str(directory("ours"))
        with pyfora.connect(cluster.url, timeout=60, tls=tls, token="of-the-night", progress=False) as executor:
            future = executor.submit(slow_sum, 3_000_000)
            wait_for("the program", lambda: (cluster.status() or {"programs": []})["programs"])
            for _ in range(2):
                cluster.manager.signal(signal.SIGKILL)
                cluster.manager.process.wait(10)
                cluster.start_manager()
                wait_for("the manager", cluster.status)
            assert future.result(60).toLocal().result() == slow_sum(3_000_000)


def slow_sum(count: int) -> int:
    total = 0
    for number in range(count):
        total = (total * 31 + number) % 1_000_003
    return total
