"""The manager's HTTP port over wires in memory: names, origins, methods, the token, and what is said to whom."""

from __future__ import annotations

import hashlib
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from pyfora.cluster.manager import Manager as Core
from pyfora.wire.http_door import Caller, offered_challenge
from pyfora_twisted.admission import guarded
from pyfora_twisted.driver import Driver
from pyfora_twisted.journal import Journal
from pyfora_twisted.spool import Spool
from pyfora_twisted.web.gate import Gate
from pyfora_twisted.web.health import Health
from pyfora_twisted.web.hosts import Hosts
from pyfora_twisted.web.metrics import Sources
from pyfora_twisted.web.sessions import Sessions
from pyfora_twisted.web.site import make_site
from pyfora_twisted.web.values import Values

CONTENT = b"a parcel"
PARCEL = "/api/v1/parcels/" + hashlib.sha256(CONTENT).hexdigest()
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
)


class Answer:
    """An answer taken apart."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        self.code = int(status.split()[1]) if status else 0
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


class Manager:
    """The site behind its gate and its admission."""

    def __init__(self, directory: Path, token: bytes = b"") -> None:
        self.clock: Any = Clock()
        self.store = Spool(directory / "parcels")
        sessions = Sessions(self.clock, lambda event: None, self.store, "0", "3")
        values = Values(lambda event: None, None)  # type: ignore[arg-type]
        gate = Gate(token, ("box.example.org",), self.clock.seconds)
        core, journal = Core("m", "0", "3"), Journal(directory / "journal.sqlite")
        driver = Driver(core, {}, self.clock, lambda reason: None)
        sources, health = Sources(core, driver, journal, self.store, {}), Health(driver, {}, journal.fault)
        site = make_site(sources, health, sessions, values, gate, bool(token), self.clock)
        self.port = guarded(site, "HTTP port", self.clock)

    def connect(self) -> tuple[Any, StringTransport]:
        protocol, transport = self.port.buildProtocol(None), StringTransport()
        protocol.makeConnection(transport)
        return protocol, transport

    def raw(self, *requests: bytes) -> bytes:
        protocol, transport = self.connect()
        for request in requests:
            protocol.dataReceived(request)
        return transport.value()

    def ask(self, method: str, path: str, *headers: str, host: str = "127.0.0.1:30000", body: bytes = b"") -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return Answer(self.raw("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body))

    def prove(self, method: str, path: str, token: bytes, nonce: int = 1) -> Caller:
        challenge = offered_challenge(self.ask("GET", "/").headers["www-authenticate"])
        assert challenge is not None
        return Caller(token, challenge, f"{nonce:064x}", method, path)


@pytest.fixture
def manager(tmp_path: Path) -> Manager:
    return Manager(tmp_path)


@pytest.fixture
def closed(tmp_path: Path) -> Manager:
    return Manager(tmp_path, b"s3cret")


# ---- names and origins -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:30000", "[::1]:8", "198.18.0.1:80", "localhost", "localhost:4711", "LOCALHOST:1"),
        *("a.localhost:3", "manager", "manager:30000", "box.example.org", "Box.Example.Org.:30000"),
    ],
)
def test_names_of_ours(manager: Manager, host: str) -> None:
    assert manager.ask("GET", "/api/v1/status", host=host).code == 200
    assert manager.ask("GET", "/api/v1/status", f"Origin: http://{host}", host=host).code == 200


@pytest.mark.parametrize(
    "host",
    [
        *(
            "evil.example",
            "evil.example:30000",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "box.example.org.evil",
        ),
        *("", ":80", "a b.c", "evil.example@127.0.0.1", "127.0.0.1/x.y", "[::1", "x:99999999"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "OPTIONS", "DELETE"])
def test_names_of_others(manager: Manager, host: str, method: str) -> None:
    assert manager.ask(method, PARCEL, host=host, body=b"x" if method == "PUT" else b"").code == 403
    assert not Hosts(()).know(host)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:30001", "http://127.0.0.1:80", "x", "http://["]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "OPTIONS"])
def test_pages_of_others(manager: Manager, origin: str, method: str) -> None:
    answer = manager.ask(method, PARCEL, f"Origin: {origin}", host="localhost:30000", body=CONTENT)
    assert answer.code == 403 and not any(name.startswith("access-control") for name in answer.headers)
    assert manager.ask("GET", "/ws", f"Origin: {origin}", UPGRADE, host="localhost:30000").code == 403
    assert list(manager.store.directory.iterdir()) == []


def test_a_request_without_a_name_or_with_two(manager: Manager) -> None:
    assert Answer(manager.raw(b"GET /api/v1/status HTTP/1.0\r\n\r\n")).code == 400
    assert manager.ask("GET", "/api/v1/status", "Host: localhost").code == 400
    assert manager.ask("GET", "/api/v1/status", "Origin: http://a", "Origin: http://b").code == 400


# ---- methods ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "TRACE"])
def test_a_method_that_is_not_there(manager: Manager, method: str) -> None:
    answer = manager.ask(method, "/api/v1/status")
    assert answer.code == 405 and answer.headers["allow"] == "GET, HEAD, OPTIONS" and b"<" not in answer.body


@pytest.mark.parametrize("method", ["CONNECT", "PROPFIND", "get", "X" * 200])
def test_a_method_that_is_unknown(manager: Manager, method: str) -> None:
    answer = manager.ask(method, "/api/v1/status")
    assert answer.code == 501 and answer.headers["allow"] == "GET, HEAD, PUT, DELETE, OPTIONS"


def test_nothing_is_changed_by_get(manager: Manager) -> None:
    manager.store.write(PARCEL.rpartition("/")[2], CONTENT)
    before = {path.name: path.read_bytes() for path in manager.store.directory.iterdir()}
    for path in ("/", PARCEL, "/api/v1/status", "/api/v1/parcels", "/healthz", "/api"):
        manager.ask("GET", path)
        manager.ask("HEAD", path)
    assert {path.name: path.read_bytes() for path in manager.store.directory.iterdir()} == before


# ---- the token -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/v1/status", "/healthz", "/ws", PARCEL, "/api/v1/values/v", "/nothing"])
@pytest.mark.parametrize(
    "authorization",
    ["", "Authorization: Bearer guess", "Authorization: Basic czNjcmV0", "Authorization: Bearer", "X-Token: s3cret"],
)
def test_without_the_token_there_is_nothing(closed: Manager, path: str, authorization: str) -> None:
    method = "PUT" if path == PARCEL else "GET"
    extra = [authorization] if authorization else []
    answer = closed.ask(method, path, *extra, UPGRADE, body=CONTENT if method == "PUT" else b"")
    assert answer.code == 401 and answer.headers["www-authenticate"].startswith("Pyfora challenge=")
    assert "pyfora-proof" not in answer.headers and b"s3cret" not in answer.body
    assert list(closed.store.directory.iterdir()) == []


@pytest.mark.parametrize(("method", "path", "code"), [("GET", "/api/v1/status", 200), ("PUT", PARCEL, 204)])
def test_each_door_opens_both_ways_and_once(closed: Manager, method: str, path: str, code: int) -> None:
    body = CONTENT if method == "PUT" else b""
    wrong = closed.prove(method, path, b"guess")
    assert closed.ask(method, path, f"Authorization: {wrong.authorization}", body=body).code == 401
    right = closed.prove(method, path, b"s3cret", nonce=2)
    answer = closed.ask(method, path, f"Authorization: {right.authorization}", body=body)
    assert answer.code == code and right.check(answer.headers["pyfora-proof"])
    replayed = closed.ask(method, path, f"Authorization: {right.authorization}", body=body)
    assert replayed.code == 401 and "pyfora-proof" not in replayed.headers
    assert not wrong.check(answer.headers["pyfora-proof"])


def test_the_websocket_opens_both_ways_and_once(closed: Manager) -> None:
    forged = f"Pyfora-Proof: {'0' * 64}"
    wrong = closed.prove("GET", "/ws", b"guess")
    assert closed.ask("GET", "/ws", f"Authorization: {wrong.authorization}", UPGRADE, forged).code == 401
    right = closed.prove("GET", "/ws", b"s3cret", nonce=2)
    answer = closed.ask("GET", "/ws", f"Authorization: {right.authorization}", UPGRADE, forged)
    assert answer.code == 101 and right.check(answer.headers["pyfora-proof"])
    assert closed.ask("GET", "/ws", f"Authorization: {right.authorization}", UPGRADE).code == 401


def test_a_token_in_a_url_opens_nothing(closed: Manager) -> None:
    for path in ("/api/v1/status?token=s3cret", "/api/v1/status?access_token=s3cret"):
        assert closed.ask("GET", path).code == 401


def test_what_a_caller_says_of_our_proof_is_not_repeated(manager: Manager) -> None:
    answer = manager.ask("GET", "/ws", UPGRADE, f"Pyfora-Proof: {'0' * 64}")
    assert answer.code == 101 and "pyfora-proof" not in answer.headers


# ---- rubbish ---------------------------------------------------------------------------------------------------------


HEADERS = st.sampled_from(
    [b"Host", b"Origin", b"Authorization", b"Content-Length", b"Upgrade", b"Expect", b"Pyfora-Proof"]
)
LINES = st.lists(
    st.tuples(HEADERS, st.binary(max_size=80) | st.sampled_from([b"a", b"7", b"http://[", b"[::1"])), max_size=6
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([b"GET", b"PUT", b"X"]) | st.binary(max_size=9), st.binary(max_size=60), LINES)
def test_no_head_opens_the_door_or_breaks_it(
    closed: Manager, method: bytes, path: bytes, lines: list[tuple[bytes, bytes]]
) -> None:
    head = method + b" /" + path + b" HTTP/1.1\r\n" + b"".join(name + b": " + text + b"\r\n" for name, text in lines)
    answer = closed.raw(head + b"\r\n", b"x" * 100)
    assert answer == b"" or answer.split()[1] in (b"400", b"401", b"403", b"501"), answer


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_no_bytes_open_the_door_or_break_it(closed: Manager, pieces: list[bytes]) -> None:
    answer = closed.raw(*pieces)
    assert answer == b"" or answer.split()[1] in (b"400", b"401", b"403", b"501"), answer


# ---- size ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 600 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
def test_a_head_beyond_the_limits_ends_the_connection(closed: Manager, head: bytes) -> None:
    protocol, transport = closed.connect()
    protocol.dataReceived(head)
    assert transport.disconnecting and Answer(transport.value()).code in (0, 400)


def test_a_body_of_a_stranger_is_not_kept(closed: Manager) -> None:
    protocol, _ = closed.connect()
    protocol.dataReceived(f"PUT {PARCEL} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n".encode())
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            protocol.dataReceived(bytes(65_536))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000
    assert list(closed.store.directory.iterdir()) == []


# ---- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
)
def test_who_does_not_prove_itself_in_time_is_closed(closed: Manager, sent: bytes) -> None:
    protocol, transport = closed.connect()
    for second in range(5):
        assert not transport.disconnecting, second
        protocol.dataReceived(sent if second == 0 else b"x" if sent.endswith(b"X: ") else b"")
        closed.clock.advance(1)
    assert transport.disconnecting


def test_who_has_proved_itself_may_stay(closed: Manager) -> None:
    protocol, transport = closed.connect()
    protocol.dataReceived(b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n\r\n")
    closed.clock.advance(20)
    assert b" 200 " in transport.value() and not transport.disconnecting


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/nothing", "/api/v1/status", "/ws", PARCEL])
def test_no_answer_tells_which_server_this_is(tmp_path: Path, path: str) -> None:
    for token in (b"", b"t"):
        manager = Manager(tmp_path / str(bool(token)), token)
        for answer in (manager.ask("GET", path), manager.ask("GET", path, host="evil.example.org")):
            assert answer.code and "server" not in answer.headers
    upgraded = Manager(tmp_path / "upgrade").ask("GET", "/ws", UPGRADE)
    assert upgraded.code == 101 and "server" not in upgraded.headers


def test_an_upload_under_a_path_with_escapes_is_refused(tmp_path: Path) -> None:
    """Its body was not kept: 200 would be untrue."""
    manager = Manager(tmp_path)
    assert manager.ask("PUT", PARCEL.replace("parcels", "%70arcels"), body=CONTENT).code == 400
    assert list(manager.store.directory.iterdir()) == []


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ([b"Content-Length: 4", b"Transfer-Encoding: chunked"], b"0\r\n\r\n"),
        ([b"Content-Length: 0", b"Content-Length: 49"], b""),
        ([b"Content-Length: 0, 49"], b""),
        ([b"Content-Length: +0"], b""),
        ([b"Content-Length: 0x0"], b""),
        ([b"Content-Length: -1"], b""),
        ([b"Transfer-Encoding: chunked, identity"], b"0\r\n\r\n"),
        ([b"Transfer-Encoding: xchunked"], b"0\r\n\r\n"),
        ([b"Transfer-Encoding: chunked"], b"0x0\r\n\r\n"),
        ([b"Transfer-Encoding: chunked"], b"-0\r\n\r\n"),
    ],
)
def test_where_two_ends_could_see_another_end_of_a_body_nothing_follows(
    manager: Manager, framing: list[bytes], body: bytes
) -> None:
    """Behind a proxy, what one takes for a body may be the next request to the other: such heads are refused."""
    head = b"\r\n".join([b"GET /healthz HTTP/1.1", b"Host: 127.0.0.1", *framing])
    said = manager.raw(head + b"\r\n\r\n" + body + SMUGGLED)
    assert said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.1 ") == 1


def test_a_head_that_is_cut_in_two_names_by_a_line_end_alone_is_one(closed: Manager) -> None:
    """And no header can be put into the answer, or the WebSocket's head, by what is in the request's."""
    said = closed.raw(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rPyfora-Proof: b\r\nOrigin: http://127.0.0.1\r\n\r\n"
    )
    assert b"Pyfora-Proof" not in said
