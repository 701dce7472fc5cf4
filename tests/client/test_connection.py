"""Connecting: what can be wrong, what is lost, what is made again."""

from __future__ import annotations

import concurrent.futures
import math
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pyfora
from pyfora.client.address import Address, parse_address
from pyfora.wire.messages import (
    CancelProgram,
    ClientHello,
    SubmitProgram,
)
from tests.client.manager import FakeManager, uploads


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def not_pyfora() -> Iterator[int]:
    """A port that answers every connection with a line of another protocol."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(b"220 mail.example ESMTP\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("url", ["localhost", "ftp://a", "http://", "http://a:b", "http://a/path", "http://a:99999"])
def test_a_wrong_url(url: str) -> None:
    with pytest.raises(pyfora.ConnectionError, match=r"http://127\.0\.0\.1:30000"):
        pyfora.connect(url)


def test_nothing_listens() -> None:
    with pytest.raises(pyfora.ConnectionError, match=r"cannot be reached .*refused.*Check the address"):
        pyfora.connect(f"http://127.0.0.1:{free_port()}", timeout=5)


def test_it_says_nothing(silent: int) -> None:
    with pytest.raises(pyfora.ConnectionError, match="did not answer in time"):
        pyfora.connect(f"http://127.0.0.1:{silent}", timeout=0.5)


def test_it_is_not_pyfora(not_pyfora: int) -> None:
    with pytest.raises(pyfora.ConnectionError, match="not a pyfora manager"):
        pyfora.connect(f"http://127.0.0.1:{not_pyfora}", timeout=5)


@pytest.mark.parametrize(
    ("welcome", "said"),
    [({"python_version": "3.9"}, "Use Python 3.9 here"), ({"pyfora_version": "9.1"}, "pip install pyfora==9.1")],
)
def test_other_versions(manager: FakeManager, welcome: dict[str, str], said: str) -> None:
    manager.welcome.update(welcome)
    with pytest.raises(pyfora.ConnectionError, match=said):
        pyfora.connect(manager.url, timeout=5)


def test_refused(manager: FakeManager) -> None:
    manager.refusal = "The house is full."
    with pytest.raises(pyfora.ConnectionError, match=r"refused this client: The house is full\."):
        pyfora.connect(manager.url, timeout=5)


def test_the_token(manager: FakeManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.token = "secret"
    with pytest.raises(pyfora.ConnectionError, match="asks for a token"):
        pyfora.connect(manager.url, timeout=5)
    with pytest.raises(pyfora.ConnectionError, match="another token"):
        pyfora.connect(manager.url, timeout=5, token="guess")
    pyfora.connect(manager.url, timeout=5, token="secret").close()
    (tmp_path / "token").write_text("secret\n")
    (tmp_path / "token").chmod(0o600)
    monkeypatch.setenv("UFORA_TOKEN_FILE", str(tmp_path / "token"))
    with pyfora.connect(manager.url, timeout=5) as executor:
        assert executor.getWorkerCount() == 2
        assert "secret" not in repr(executor.connection.address)
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(pyfora.ConnectionError, match=r"mode 0644.*chmod 600"):
        pyfora.connect(manager.url, timeout=5)
    monkeypatch.setenv("UFORA_TOKEN", "secret")
    with pytest.raises(pyfora.ConnectionError, match="both set"):
        pyfora.connect(manager.url, timeout=5)
    monkeypatch.delenv("UFORA_TOKEN_FILE")
    pyfora.connect(manager.url, timeout=5).close()
    monkeypatch.delenv("UFORA_TOKEN")
    monkeypatch.setenv("UFORA_TOKEN_FILE", str(tmp_path / "none"))
    with pytest.raises(pyfora.ConnectionError, match="UFORA_TOKEN_FILE"):
        pyfora.connect(manager.url, timeout=5)


def test_a_lost_connection_is_made_again_and_the_program_runs_once(manager: FakeManager) -> None:
    dropped: list[str] = []

    def drop(manager: FakeManager, connection: Any, message: SubmitProgram) -> bool:
        if len(dropped) < 2:
            dropped.append(message.program_id)
            connection.close()
            return True
        return False

    manager.on_submit = drop
    with pyfora.connect(manager.url, timeout=10, progress=False) as executor, executor.remotely.downloadAll():
        x = 6 * 7
    assert x == 42
    sent = [m.program_id for m in manager.got(SubmitProgram)]
    assert len(sent) == 3 and len(set(sent)) == 1
    assert len({m.session_id for m in manager.received if hasattr(m, "session_id")}) == 1


def test_a_manager_started_again_is_found_again(manager: FakeManager) -> None:
    with pyfora.connect(manager.url, timeout=20, progress=False) as executor:
        manager.stop()
        manager.start()
        with executor.remotely.downloadAll():
            x = 1
        assert x == 1


def test_a_dead_manager_fails_what_is_under_way(manager: FakeManager) -> None:
    manager.on_submit = lambda *_: True
    executor = pyfora.connect(manager.url, timeout=1, progress=False)
    future = executor.submit(abs, -1)
    manager.wait_for(lambda: manager.got(SubmitProgram))
    manager.stop()
    with pytest.raises(pyfora.ConnectionError, match="was lost, and not found again within 1 s"):
        future.result(20)
    with pytest.raises(pyfora.ConnectionError, match="was lost"):
        executor.getWorkerCount()
    with pytest.raises(pyfora.ConnectionError, match="was lost"), executor.remotely.downloadAll():
        pass
    executor.close()


def add(a: Any, b: Any) -> Any:
    return a + b


def fail() -> None:
    raise KeyError("k")


def test_submit_and_define(manager: FakeManager) -> None:
    with pyfora.connect(manager.url, timeout=5) as executor:
        ten = executor.define(10)
        twelve = executor.submit(add, ten, b=2)
        assert isinstance(twelve, concurrent.futures.Future)
        assert twelve.result(10).toLocal().result(10) == 12
        with executor.remotely.downloadAll():
            more = [twelve + 1, ten]
        assert more[0] == 13
        with pytest.raises(KeyError, match="k"):
            executor.submit(fail).result(10)
        with pytest.raises(KeyError):
            executor.submit(add, executor.submit(fail), 1)
        with pytest.raises(pyfora.UnconvertibleValueError):
            executor.define(threading.Lock())


def test_cancel_stops_the_work(manager: FakeManager) -> None:
    manager.on_submit = lambda *_: True
    with pyfora.connect(manager.url, timeout=5) as executor:
        future = executor.submit(abs, -1)
        assert future.cancel() and future.cancel() and future.cancelled()
        assert concurrent.futures.wait([future], timeout=5).done == {future}
        manager.wait_for(lambda: manager.got(CancelProgram))


def test_close_fails_what_waits_and_can_be_called_again(manager: FakeManager) -> None:
    manager.on_submit = lambda *_: True
    executor = pyfora.connect(manager.url, timeout=5)
    future = executor.submit(abs, -1)
    assert not executor.isClosed()
    executor.close()
    executor.close()
    assert executor.isClosed()
    with pytest.raises(pyfora.ConnectionError, match="closed"):
        future.result(5)
    with pytest.raises(pyfora.ConnectionError, match="closed"):
        executor.submit(abs, 1)


def test_many_threads(manager: FakeManager) -> None:
    with (
        pyfora.connect(manager.url, timeout=5, progress=False) as executor,
        concurrent.futures.ThreadPoolExecutor(8) as pool,
    ):

        def block(n: int) -> int:
            with executor.remotely.downloadAll():
                y = n * n
            return int(y)

        assert list(pool.map(block, range(40))) == [n * n for n in range(40)]


def test_a_large_program_is_uploaded(manager: FakeManager, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(range(256)) * 20_000
    with uploads(manager) as url:
        put = Address.put_parcel

        def elsewhere(self: Address, *arguments: Any) -> None:
            put(parse_address(url), *arguments)

        monkeypatch.setattr(Address, "put_parcel", elsewhere)
        with pyfora.connect(manager.url, timeout=5, progress=False) as executor, executor.remotely.downloadAll():
            length = len(data)
    assert length == len(data)
    (submitted,) = manager.got(SubmitProgram)
    assert submitted.payload == b"" and submitted.size_bytes > len(data)


# ---- who we are talking to -----------------------------------------------------------------------------------------


def test_other_mathematics_are_told_of(manager: FakeManager) -> None:
    manager.welcome["libm_fingerprint"] = "0123456789abcdef"
    with (
        pytest.warns(UserWarning, match=r"C mathematics of the cluster.*last bit"),
        pyfora.connect(manager.url, timeout=5) as executor,
    ):
        assert executor.getWorkerCount() == 2


def test_tls_needs_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UFORA_TLS_DIR", raising=False)
    for scheme in ("https", "wss"):
        with pytest.raises(pyfora.ConnectionError, match=r"certificates of a client.*tls=DIRECTORY"):
            pyfora.connect(f"{scheme}://127.0.0.1:30000")
    with pytest.raises(pyfora.ConnectionError, match=r"ca\.pem cannot be read"):
        pyfora.connect("https://127.0.0.1:30000", tls=str(tmp_path))
    with pytest.raises(pyfora.ConnectionError, match="Use 'https://"):
        pyfora.connect("http://127.0.0.1:30000", tls=str(tmp_path))


def test_a_manager_that_speaks_tls_is_told_of(manager: FakeManager) -> None:
    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"\x15\x03\x03\x00\x02\x02\x46")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(pyfora.ConnectionError, match=r"speaks TLS\. Use 'https://127"):
            pyfora.connect(url, timeout=5, token="t")
        thread.join(5)


def test_a_manager_that_does_not_know_the_token_is_not_believed(manager: FakeManager) -> None:
    """It may be another program on that port, or somebody in between who took our proof and sent it on."""
    with pytest.raises(pyfora.ConnectionError, match="has no token, and cannot prove that it is yours"):
        pyfora.connect(manager.url, timeout=5, token="secret")
    manager.token = "secret"
    for proof in ("0" * 64, "x"):
        manager.proof = proof
        with pytest.raises(pyfora.ConnectionError, match="could not prove that it knows the token"):
            pyfora.connect(manager.url, timeout=5, token="secret")
        with pytest.raises(pyfora.ConnectionError, match="could not prove that it knows the token"):
            parse_address(manager.url, "secret").status()
    assert not manager.received


def test_the_token_never_travels(manager: FakeManager) -> None:
    manager.token = "c4nary"
    with pyfora.connect(manager.url, timeout=5, token="c4nary", progress=False) as executor:
        with executor.remotely.remoteAll():
            data = [1] * 3000
        assert data.toLocal().result() == [1] * 3000
    heads = [str(connection.request.headers) for connection in manager.connections if connection.request]
    heads += manager.heads
    assert len(heads) >= 3 and not any("c4nary" in head for head in heads)


@pytest.mark.parametrize("url", ["http://user:s3cret@a", "http://s3cret@a:1", "http://a:1/?token=s3cret"])
def test_a_secret_in_a_url_is_not_repeated(url: str) -> None:
    with pytest.raises(pyfora.ConnectionError, match=r"token=") as caught:
        pyfora.connect(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://h", "h", 30000),
        ("http://h/", "h", 30000),
        ("http://h:8/", "h", 8),
        ("http://[::1]:8", "::1", 8),
        ("HTTP://H:8", "h", 8),
    ],
)
def test_what_a_url_means(url: str, host: str, port: int) -> None:
    address = parse_address(url)
    assert (address.host, address.port) == (host, port)
    assert parse_address(address.url) == address


def test_a_redirect_is_not_followed(manager: FakeManager) -> None:
    """It might carry the token elsewhere."""
    seen: list[bytes] = []

    def redirect(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            head = f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{manager.port}/ws\r\n"
            connection.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())
            seen.append(connection.recv(10))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=redirect, args=(listener,), daemon=True)
        thread.start()
        with pytest.raises(pyfora.ConnectionError, match="not a pyfora manager"):
            pyfora.connect(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=5)
        thread.join(5)
    assert seen == [b""] and not manager.connections


@pytest.mark.parametrize("timeout", [0, -1, math.inf, "5", True])
def test_a_timeout_that_is_none(timeout: Any) -> None:
    with pytest.raises(ValueError, match="positive number of seconds"):
        pyfora.connect("http://127.0.0.1:1", timeout=timeout)


def test_a_name_that_cannot_be_resolved_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def slow(*_: Any, **__: Any) -> Any:
        released.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(pyfora.ConnectionError, match="did not answer in time"):
        pyfora.connect("http://manager.example:30000", timeout=0.2)
    released.set()


def test_a_fork_lets_go(manager: FakeManager) -> None:
    with pyfora.connect(manager.url, timeout=5, progress=False) as executor:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                executor.getWorkerCount()
            except pyfora.ConnectionError as error:
                os.write(writer, str(error).encode())
            executor.close()
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as told:
            assert "belongs to the process that made it" in told.read()
        assert os.waitpid(pid, 0)[1] == 0
        with executor.remotely.downloadAll():
            x = 5
        assert x == 5
    assert len(manager.got(ClientHello)) == 1


@pytest.mark.parametrize("url", ["htp://s3cret@h", "http://u:s3cret@h:port", "http://h:1?token=s3cret", "s3cret@h:1"])
def test_a_secret_in_a_url_is_not_said_again(url: str) -> None:
    with pytest.raises(pyfora.ConnectionError) as raised:
        pyfora.connect(url)
    assert "s3cret" not in str(raised.value) and "Give one such as" in str(raised.value)
