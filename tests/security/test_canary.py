"""The token is in no URL, log, process list, environment of users' code, error or byte on the wire."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

import pyfora
from tests.daemons import Cluster, Daemon, free_ports, wait_for

pytestmark = pytest.mark.cluster

CANARY = "c4nary-" + "0123456789abcdef" * 3


class Relay:
    """Stands between a client and a port, and keeps every byte that passes."""

    def __init__(self, port: int) -> None:
        self.passed = bytearray()
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._port))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self.passed += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def close(self) -> None:
        self._listener.close()


def command(*arguments: str, **environ: str) -> str:
    """What `pyfora …` says, on both streams."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("UFORA_")}
    done = subprocess.run(
        [sys.executable, "-m", "pyfora", *arguments],
        env={**environment, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def shown_over_http(port: int, path: str) -> str:
    """The answer to a tool that shows the token itself, without encryption; an upgrade is asked for at /ws."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {CANARY}", "X-Other": CANARY}
    if path == "/ws":
        headers |= {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        headers |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": CANARY}
    with closing(connection):
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status != 401
        return f"{answer.headers} {b'' if path == '/ws' else answer.read()!r}"


@pytest.mark.parametrize("variable", ["UFORA_TOKEN", "UFORA_TOKEN_FILE"])
def test_the_token_shows_nowhere(tmp_path: Path, variable: str) -> None:
    token = tmp_path / "token"
    token.write_text(CANARY)
    token.chmod(0o600)
    given = CANARY if variable == "UFORA_TOKEN" else str(token)
    settings = {variable: given, "UFORA_BIND_ADDRESS": "127.0.0.1", "UFORA_LOG_LEVEL": "debug"}
    said: list[str] = []
    with Cluster(workers=2, settings=settings) as cluster, closing(Relay(cluster.http_port)) as relay:
        url = f"http://127.0.0.1:{relay.port}"
        with pyfora.connect(url, timeout=20, token=CANARY, progress=False) as executor:
            said += [repr(executor), repr(executor.connection.address)]
            with executor.remotely.remoteAll():
                large = [float(i) for i in range(100_000)]
            large.toLocal().result()
            with pytest.raises(ZeroDivisionError) as raised, executor.remotely.downloadAll():
                sum(1 // (i - 50_000) for i in range(100_000))
            said.append(str(raised.value))
        for path in ("/healthz", "/ws", "/api/v1/nothing", f"/metrics?token={CANARY}", "/api/v1/parcels/x"):
            said.append(shown_over_http(cluster.http_port, path))
        for guess in (CANARY[:-1], CANARY + "x", ""):
            with pytest.raises(pyfora.ConnectionError) as refused:
                pyfora.connect(url, timeout=10, token=guess)
            said.append(str(refused.value))
        said.append(command("status", url, **{variable: given}))
        assert "workers  2" in said[-1]
        said.append(command("config", **{variable: given}))
        assert "set, not shown" in said[-1]
        stranger = Daemon(
            "stranger",
            cluster.directory / "stranger",
            {
                "UFORA_MANAGER_ADDRESS": "127.0.0.1",
                "UFORA_MANAGER_PORT": str(cluster.registry_port),
                "UFORA_WORKER_BASE_PORT": str(free_ports(2)),
                "UFORA_WORKER_CORES": "1",
                "UFORA_TOKEN": "another",
                "UFORA_BIND_ADDRESS": "127.0.0.1",
            },
        )
        wait_for("a refusal", lambda: "does not know this cluster's token" in cluster.manager.log.read_text())
        stranger.stop()
        for pid in cluster.pids():
            said.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode())
        daemons = {daemon.process.pid for daemon in (cluster.manager, *cluster.workers)}
        for pid in set(cluster.pids()) - daemons:
            said.append(Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace"))
        assert len(set(cluster.pids()) - daemons) >= 4, "fork servers and compute processes"
        for daemon in (*cluster.workers, cluster.manager):
            daemon.stop()
        files = [path for path in cluster.directory.rglob("*") if path.is_file()]
        assert len(files) >= 6
        holding = [str(path) for path in files if CANARY.encode() in path.read_bytes()]
    assert holding == []
    assert [text for text in said if CANARY in text] == []
    assert len(relay.passed) > 800_000 and CANARY.encode() not in relay.passed
