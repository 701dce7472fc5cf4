"""A daemon under a service manager: what it reports and when, which sockets it takes over, how it logs."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import Logger, LogLevel
from twisted.python.systemd import ListenFDs

from pyfora.client.address import parse_address
from pyfora.client.health import health_text
from pyfora.cluster.events import Log
from pyfora.errors import ConnectionError
from pyfora_twisted.ending import CannotStart
from pyfora_twisted.journald import ENTRY_LIMIT_BYTES, JournalObserver, entry, is_journal
from pyfora_twisted.listening import adopt
from pyfora_twisted.logs import CoreLog
from pyfora_twisted.pulse import Pulse
from pyfora_twisted.systemd import Notifier, Supervision, take_supervision
from tests.certificates.made import directory
from tests.daemons import Cluster, Daemon, free_ports, wait_for


class Listener:
    """A service manager's socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.heard: list[str] = []

    def listen(self) -> list[str]:
        """All lines until now."""
        while True:
            try:
                self.heard += self.socket.recv(65536).decode().split("\n")
            except BlockingIOError:
                return self.heard


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    found = Listener(str(tmp_path / "notify"))
    yield found
    found.socket.close()


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_reports_reach_the_service_manager(tmp_path: Path, kind: str) -> None:
    address = str(tmp_path / "notify") if kind == "path" else f"@pyfora-test-{os.getpid()}"
    listener = Listener(address)
    notifier = Notifier(address)
    notifier.ready()
    notifier.say("STATUS=two\nlines")
    notifier.reloading()
    heard = listener.listen()
    assert heard[:3] == ["READY=1", "STATUS=two lines", "RELOADING=1"]
    assert heard[3].startswith("MONOTONIC_USEC=") and int(heard[3].split("=")[1]) > 0
    listener.socket.close()
    notifier.stopping("nobody listens")  # and nothing is raised
    assert Notifier("").is_heard is False


def test_what_the_environment_says_is_taken_out_of_it() -> None:
    environ = {
        "NOTIFY_SOCKET": "/run/x",
        "WATCHDOG_USEC": "30000000",
        "WATCHDOG_PID": str(os.getpid()),
        "LISTEN_PID": str(os.getpid()),
        "LISTEN_FDS": "2",
        "LISTEN_FDNAMES": "http:other",
        "HOME": "/",
    }
    found = take_supervision(environ)
    assert (found.notifier.is_heard, found.watchdog_s, found.sockets) == (True, 30.0, {"http": 3, "other": 4})
    assert environ == {"HOME": "/"}


def test_sockets_are_found_where_twisted_has_looked_before_us() -> None:
    """Its plugins are loaded where their cache could not be written, and take two of the three variables."""
    environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}
    ListenFDs.fromEnvironment(environ)
    assert set(environ) == {"LISTEN_FDNAMES"}
    assert take_supervision(environ).sockets == {"http": 3}


def test_a_watchdog_and_sockets_that_are_for_another_process_are_not_ours() -> None:
    others = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"}
    found = take_supervision({"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", **others})
    assert (found.notifier.is_heard, found.watchdog_s, found.sockets) == (False, 0.0, {})


class FakePart:
    def __init__(self) -> None:
        self.count = 0
        self.ready = False
        self.text = "waiting"

    def turns(self) -> int:
        return self.count

    def is_ready(self) -> bool:
        return self.ready

    def status(self) -> str:
        return self.text


def test_the_watchdog_is_fed_only_while_every_driver_runs(tmp_path: Path, listener: Listener) -> None:
    clock, parts = Clock(), [FakePart(), FakePart()]
    supervision = Supervision(Notifier(str(tmp_path / "notify")), 4.0)
    pulse = Pulse(clock, parts, supervision)

    def fed(seconds: int, *running: FakePart) -> int:
        listener.listen().clear()
        for _ in range(seconds * 10):
            for part in running:
                part.count += 1
            clock.advance(0.1)
        return listener.listen().count("WATCHDOG=1")

    for part in parts:
        part.ready = True
    pulse.start()
    assert fed(4, *parts) >= 3
    assert fed(4, parts[0]) <= 1  # the other one had run before it stopped
    assert fed(4) == 0
    assert fed(4, *parts) >= 3
    parts[0].count = -1  # between two identities
    assert fed(4, parts[1]) == 0


def test_ready_is_said_once_and_only_when_all_parts_are(tmp_path: Path, listener: Listener) -> None:
    clock, parts = Clock(), [FakePart(), FakePart()]
    pulse = Pulse(clock, parts, Supervision(Notifier(str(tmp_path / "notify"))))
    pulse.start()
    parts[0].ready = True
    clock.pump([0.1] * 30)
    assert "READY=1" not in listener.listen() and listener.heard.count("STATUS=waiting; waiting") == 1
    parts[1].ready, parts[1].text = True, "registered"
    clock.pump([0.1] * 30)
    assert listener.listen().count("READY=1") == 1 and "STATUS=waiting; registered" in listener.heard


# ---- the journal -------------------------------------------------------------------------------------


def fields(datagram: bytes) -> dict[str, str]:
    """The native protocol, read back."""
    found = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        key, equals, value = line.partition(b"=")
        if equals:
            datagram = rest
        else:
            (length,) = struct.unpack("<Q", rest[:8])
            value, end, datagram = rest[8 : 8 + length], rest[8 + length : 9 + length], rest[9 + length :]
            assert end == b"\n"
        found[key.decode()] = value.decode()
    return found


def test_an_entry_has_the_core_s_fields(tmp_path: Path) -> None:
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind(str(tmp_path / "journal"))
    journal.settimeout(5)
    observer = JournalObserver(tmp_path / "journal")
    events: list[Any] = []
    log = CoreLog("pyfora.worker", "info", "w1")
    log._logger.observer = events.append  # type: ignore[assignment]
    log.write(Log("warn", "held terms are overdue", {"block": "abc", "fold": "abc.1.0", "lo": 3}))
    observer(events[0])
    assert fields(journal.recv(65536)) == {
        "MESSAGE": "held terms are overdue block=abc fold=abc.1.0 lo=3",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "pyfora",
        "LOGGER": "pyfora.worker",
        "PYFORA_BY": "w1",
        "PYFORA_BLOCK": "abc",
        "PYFORA_FOLD": "abc.1.0",
        "PYFORA_LO": "3",
    }
    journal.close()
    observer(events[0])  # nobody listens, and nothing is raised


def test_lines_and_length_do_not_break_an_entry() -> None:
    events: list[Any] = []
    logger = Logger("x", observer=events.append)  # type: ignore[arg-type]
    logger.error("{text}", text="two\nlines")
    try:
        raise ValueError("with a traceback")
    except ValueError:
        logger.failure("it failed")
    logger.emit(LogLevel.info, "{text}", text="é" * ENTRY_LIMIT_BYTES)
    two, failure, long = (fields(entry(event)) for event in events)
    assert two["MESSAGE"] == "two\nlines" and two["PRIORITY"] == "3"
    assert "it failed" in failure["MESSAGE"] and "with a traceback" in failure["MESSAGE"]
    assert len(long["MESSAGE"].encode()) == ENTRY_LIMIT_BYTES


def test_the_journal_is_known_by_its_stream(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("wb") as stream:
        found = os.fstat(stream.fileno())
        assert is_journal({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}, stream.fileno())
        assert not is_journal({"JOURNAL_STREAM": "1:2"}, stream.fileno())
        assert not is_journal({}, stream.fileno())


# ---- sockets -----------------------------------------------------------------------------------------


def test_what_is_no_listening_socket_is_refused_in_words(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file, pytest.raises(CannotStart, match="is no socket"):
        adopt(None, file.fileno(), None, "HTTP port")
    with socket.socket() as deaf, pytest.raises(CannotStart, match="no listening TCP socket"):
        adopt(None, deaf.fileno(), None, "HTTP port")


# ---- real daemons ------------------------------------------------------------------------------------


@pytest.mark.cluster
def test_a_worker_is_ready_when_it_is_registered_and_not_before(tmp_path: Path, listener: Listener) -> None:
    registry, http = free_ports(1), free_ports(1)
    shared = {"UFORA_MANAGER_PORT": str(registry), "UFORA_WEB_HTTP_PORT": str(http)}
    notify = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    ports = {"UFORA_WORKER_BASE_PORT": str(free_ports(2)), "UFORA_WORKER_CORES": "1"}
    worker = Daemon("worker", tmp_path / "w", {"UFORA_MANAGER_ADDRESS": "127.0.0.1", **shared, **notify, **ports})
    try:
        waiting = f"STATUS=waiting for the manager at 127.0.0.1:{registry}"
        wait_for("a status", lambda: waiting in listener.listen())
        assert "READY=1" not in listener.heard
        health = {"UFORA_DATA_DIR": str(tmp_path / "w" / "data"), "UFORA_MANAGER_ADDRESS": "127.0.0.1", **ports}
        wait_for("its data port", lambda: health_text(None, health, False, 5.0))
        with pytest.raises(ConnectionError, match="not registered"):
            health_text(None, health, True, 5.0)
        manager = Daemon("manager", tmp_path / "m", {"UFORA_NO_WORKER": "1", **shared})
        try:
            wait_for("readiness", lambda: "READY=1" in listener.listen())
            wait_for("the watchdog", lambda: listener.listen().count("WATCHDOG=1") > 2)
            assert "is ready" in health_text(None, health, True, 5.0)
            worker.signal(signal.SIGHUP)
            wait_for("a reload", lambda: listener.listen().count("READY=1") == 2)
            assert "RELOADING=1" in listener.heard
            assert worker.stop() == 0
            assert "STOPPING=1" in listener.listen()
            with pytest.raises(ConnectionError, match="does not answer"):
                health_text(None, health, False, 5.0)
        finally:
            manager.stop()
    finally:
        worker.stop()


LONG = """
    import pyfora, sys
    executor = pyfora.connect(sys.argv[1])
    with executor.remotely.downloadAll():
        x = sum(len(str(3**3000 + i)) for i in range(200_000))
    print(x)
"""


@pytest.mark.cluster
def test_a_worker_that_is_stopped_hands_back_what_it_has(tmp_path: Path) -> None:
    """The home of a program that may need longer than it has: whoever ends it, the answer is right."""
    (tmp_path / "program.py").write_text(textwrap.dedent(LONG))
    with Cluster(workers=2) as cluster:
        client = subprocess.Popen(
            [sys.executable, str(tmp_path / "program.py"), cluster.url], stdout=subprocess.PIPE, text=True
        )
        try:

            def home() -> Daemon | None:
                status = cluster.status() or {"programs": [], "workers": []}
                ids = [p["home_id"] for p in status["programs"] if p["leaves_done"]]
                ports = [w["base_port"] for w in status["workers"] if w["worker_id"] in ids]
                return next((worker for worker in cluster.workers if worker.base_port in ports), None)

            stopped = wait_for("a program with leaves done", home)
            assert stopped.stop() == 0
            assert "Asked to stop" in stopped.log.read_text()
            wait_for("its going to be seen", lambda: len((cluster.status() or {"workers": [0, 0]})["workers"]) == 1)
            out, _ = client.communicate(timeout=100)
            assert out.split() == [str(200_000 * len(str(3**3000)))]
        finally:
            client.kill()
            client.wait()


@contextmanager
def handed_over(place: Path, **settings: str) -> Iterator[int]:
    """A manager that was started as systemd does it: descriptor 3, its name, the process it is for. Yields its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        code = (
            "import os, sys\n"
            f"os.dup2({listening.fileno()}, 3)\n"
            "os.environ |= {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1', 'LISTEN_FDNAMES': 'http'}\n"
            "os.execv(sys.argv[1], [sys.argv[1], '-n', '--pidfile=', 'pyfora'])\n"
        )
        environ = {k: v for k, v in os.environ.items() if not k.startswith("UFORA_")}
        environ |= {"UFORA_NO_WORKER": "1", "UFORA_DATA_DIR": str(place / "data")}
        environ |= {"UFORA_MANAGER_PORT": str(free_ports(1)), **settings}
        twistd = str(Path(sys.executable).with_name("twistd"))
        with (place / "log").open("wb") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-c", code, twistd],
                pass_fds=[listening.fileno()],
                env=environ,
                cwd=place,
                stdout=log,
                stderr=log,
            )
    try:
        yield port
    finally:
        daemon.terminate()
        assert daemon.wait(10) == 0


@pytest.mark.cluster
def test_the_http_port_can_be_handed_over(tmp_path: Path) -> None:
    with handed_over(tmp_path) as port:
        # The queue of the socket was there before the daemon: the first question waits in it.
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30) as answer:
            assert json.load(answer)["status"]
        assert f"http://127.0.0.1:{port}" in (tmp_path / "log").read_text()
        # Whoever comes that way is counted, and so limited, as at a port of the daemon's own.
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            assert 'pyfora_port_accepted_total{port="HTTP"} 2.0' in answer.read().decode()


@pytest.mark.cluster
def test_a_port_that_is_handed_over_speaks_tls_where_the_others_do(tmp_path: Path) -> None:
    tls = {"UFORA_TLS_DIR": str(directory("ours"))}
    with handed_over(tmp_path, UFORA_BIND_ADDRESS="127.0.0.1", **tls) as port:
        asked = {"UFORA_DATA_DIR": str(tmp_path / "asked"), **tls}
        assert "is well" in health_text(f"https://127.0.0.1:{port}", asked, False, 30.0)
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=30)


@pytest.mark.cluster
def test_renewed_certificates_are_read_by_a_reload(tmp_path: Path, listener: Listener) -> None:
    """Those of another authority here, so that who has only the old ones can be told from who has the new."""
    certificates, http = tmp_path / "certificates", free_ports(1)
    shutil.copytree(directory("ours"), certificates)
    settings = {"UFORA_NO_WORKER": "1", "UFORA_WEB_HTTP_PORT": str(http), "UFORA_MANAGER_PORT": str(free_ports(1))}
    settings |= {"UFORA_TLS_DIR": str(certificates), "UFORA_BIND_ADDRESS": "127.0.0.1"}
    manager = Daemon("manager", tmp_path / "m", {**settings, "NOTIFY_SOCKET": str(tmp_path / "notify")})

    def asks(name: str) -> bool:
        address = parse_address(f"https://127.0.0.1:{http}", tls=str(directory(name)))
        try:
            return bool(address.ask("/healthz", 10.0))
        except ConnectionError:
            return False

    try:
        wait_for("readiness", lambda: "READY=1" in listener.listen())
        assert (asks("ours"), asks("other")) == (True, False)
        shutil.copytree(directory("other"), certificates, dirs_exist_ok=True)
        manager.signal(signal.SIGHUP)
        wait_for("a reload", lambda: listener.listen().count("READY=1") == 2)
        assert (asks("ours"), asks("other")) == (False, True)
        (certificates / "manager.pem").write_text("half a file")
        manager.signal(signal.SIGHUP)
        wait_for("a reload", lambda: listener.listen().count("READY=1") == 3)
        wait_for("its line", lambda: "The certificates from before stay in use" in manager.log.read_text())
        assert (asks("ours"), asks("other")) == (False, True)
    finally:
        assert manager.stop() == 0
