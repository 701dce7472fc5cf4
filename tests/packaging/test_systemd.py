"""The services in a booted machine: docs/systemd.md from top to bottom, then what befalls them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pytest

from tests.daemons import ROOT
from tests.packaging.artefacts import copy_sources, wheels
from tests.packaging.boxes import Box
from tests.packaging.machine import Machine
from tests.packaging.needs import need
from tests.packaging.pages import walk

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(600)]

UNITS = sorted((ROOT / "packaging" / "systemd").glob("pyfora*.*"))
PYTHON = "/usr/lib/pyfora/bin/python"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine that has never heard of pyfora, with wheels in place of an index, and a checkout."""
    need("systemd-nspawn", "mmdebstrap")
    with Machine("systemd", binds={wheels(): "/wheels"}) as machine:
        copy_sources(machine.root / "srv" / "pyfora")
        machine.run("printf '[global]\\nno-index = true\\nfind-links = /wheels\\n' >/etc/pip.conf")
        yield machine


@pytest.fixture
def services(machine: Machine) -> Machine:
    """Both services run, as the page has left them."""
    if not machine.succeeds("test -x /usr/lib/pyfora/bin/twistd"):
        pytest.fail("the page did not install pyfora")
    machine.run("systemctl reset-failed; systemctl start pyfora.target")
    machine.wait("both services", "systemctl is-active pyfora-manager pyfora-worker")
    return machine


def program(machine: Machine, body: str, *, check: bool = True, timeout_s: float = 120.0) -> str:
    """Run a client inside; `executor` is connected. Returns what it wrote."""
    code = "import pyfora\nexecutor = pyfora.connect('http://127.0.0.1:30000', progress=False)\n" + textwrap.dedent(
        body
    )
    machine.run("cat >/srv/program.py", input=code)
    return machine.run(
        f"cd /srv; UFORA_TOKEN_FILE=/etc/pyfora/token {PYTHON} program.py", check=check, timeout_s=timeout_s
    )


COUNT = """
with executor.remotely.downloadAll():
    x = sum(len(str(3**3000 + i)) for i in range({count}))
print(x == {count} * len(str(3**3000)))
"""


def test_the_page(machine: Machine) -> None:
    walk("systemd.md", {"box": Box(machine, "/srv/pyfora")})


def test_the_units_are_without_fault(services: Machine) -> None:
    names = " ".join(
        f"/etc/systemd/system/{unit.name}" for unit in UNITS if unit.suffix in (".service", ".socket", ".target")
    )
    names = names.replace("worker@.service", "worker@30019.service")
    services.run("cp /etc/systemd/system/pyfora-worker@.service /etc/systemd/system/pyfora-worker@30019.service")
    assert services.run(f"systemd-analyze verify --man=no {names}") == ""
    services.run("rm /etc/systemd/system/pyfora-worker@30019.service")
    services.run("systemd-analyze security --no-pager --threshold=25 pyfora-manager.service")
    for worker in ("pyfora-worker.service", "pyfora-worker@30019.service"):
        services.run(f"systemd-analyze security --no-pager --threshold=35 {worker}")


def test_a_service_is_not_ready_before_its_ports_listen(services: Machine) -> None:
    """One that does not get a port never is."""
    services.run("systemctl stop pyfora-worker pyfora-manager")
    for unit, ports in (("pyfora-manager", "30000 30002"), ("pyfora-worker", "30009 30010")):
        listening = services.run(f"systemctl start {unit}; ss --listening --tcp --numeric --no-header")
        assert all(f":{port} " in listening for port in ports.split()), listening
    services.run("systemctl stop pyfora-worker pyfora-manager")
    taken = "import socket, time; s = socket.create_server(('127.0.0.1', 30002)); time.sleep(60)"
    services.run(f'systemd-run --quiet --unit=taken {PYTHON} -c "{taken}"')
    services.wait("the port", "ss --listening --tcp --numeric --no-header | grep ':30002 '")
    try:
        assert not services.succeeds("systemctl start pyfora-manager")
        assert "30002 on 127.0.0.1 is taken" in services.run("journalctl --no-pager -u pyfora-manager")
    finally:
        services.run("systemctl stop taken pyfora-manager")


def test_loops_are_compiled_within_the_walls_of_the_service(services: Machine) -> None:
    """A wall too many would not fail: the loop would be run by CPython."""
    body = """
    import math
    with executor.remotely.downloadAll():
        x = sum(math.sin(i) for i in range(3 * 10**7))
    print([(loop.how, loop.reason, loop.gave_up) for loop in executor.lastLoops])
    """
    assert program(services, body) == "[('compiled', '', 0)]\n"
    assert services.run("find /var/lib/pyfora/worker/cache -name '*.kernel'")


def test_a_worker_is_not_started_before_it_is_registered(services: Machine) -> None:
    services.run("systemctl stop pyfora.target; systemctl start --no-block pyfora-worker")
    services.wait("a status", "systemctl show -p StatusText pyfora-worker | grep 'waiting for the manager'")
    assert services.show("pyfora-worker", "ActiveState") == "activating"
    services.run("systemctl start pyfora-manager")
    services.wait("the worker", "systemctl is-active pyfora-worker")


def test_the_journal_has_the_fields(services: Machine) -> None:
    entries = services.journal("pyfora-manager")
    (joined, *_) = [entry for entry in entries if entry["MESSAGE"].startswith("a worker has joined")]
    assert joined["PYFORA_CORES"].isdigit() and joined["PRIORITY"] == "6" and joined["LOGGER"] == "pyfora.manager"
    assert {entry["_SYSTEMD_UNIT"] for entry in entries} <= {"pyfora-manager.service", "init.scope"}


def test_a_reload_opens_the_log_anew(services: Machine) -> None:
    log = "/var/lib/pyfora/manager/logs/manager.log"
    pid = services.show("pyfora-manager", "MainPID")
    services.run(f"mv {log} {log}.old; systemctl reload pyfora-manager")
    services.wait("a new log", f"grep 'opened anew' {log}")
    assert services.show("pyfora-manager", "MainPID") == pid
    assert services.show("pyfora-manager", "ActiveState") == "active"


def test_stopping_a_worker_loses_nothing(services: Machine) -> None:
    """The home of a program is stopped in the middle of it; the worker that is left has the answer."""
    services.run("systemctl start pyfora-worker@30019")
    services.run(
        "cat >/srv/later.sh",
        input="sleep 2; systemctl stop pyfora-worker; systemctl is-active pyfora-worker >/srv/then",
    )
    services.run("systemd-run --quiet --unit=later sh /srv/later.sh")
    assert program(services, COUNT.format(count=150_000)) == "True\n"
    services.wait("the stop", "test -s /srv/then")
    assert services.run("cat /srv/then").strip() == "inactive"
    assert services.show("pyfora-worker", "Result") == "success"
    services.run("systemctl stop pyfora-worker@30019")


FROZEN = '''
"""twistd whose driver takes nothing in any more once the file is there; its reactor goes on."""
import os
from pyfora_twisted.driver import Driver
happened = Driver.happened
Driver.happened = lambda self, event: None if os.path.exists("/run/frozen") else happened(self, event)
from twisted.scripts.twistd import run
run()
'''


@pytest.mark.parametrize("unit", ["pyfora-worker", "pyfora-manager"])
def test_the_watchdog_ends_a_daemon_whose_driver_is_stuck(services: Machine, unit: str) -> None:
    drop_in = f"/etc/systemd/system/{unit}.service.d"
    twistd = "--nodaemon --pidfile= --logger=pyfora_twisted.journald.logger pyfora"
    settings = ["[Service]", "WatchdogSec=3", "ExecStartPre=+/bin/rm -f /run/frozen", "ExecStart="]
    settings += [f"ExecStart={PYTHON} /opt/frozen.py {twistd}", ""]
    services.run("cat >/opt/frozen.py", input=FROZEN)
    services.run(f"mkdir -p {drop_in}; cat >{drop_in}/frozen.conf", input="\n".join(settings))
    services.run(f"systemctl daemon-reload; systemctl restart {unit}")
    try:
        pid = services.show(unit, "MainPID")
        services.run("sleep 5")
        assert services.show(unit, "MainPID") == pid, "the watchdog ended a daemon that was well"
        services.run("touch /run/frozen")
        services.wait("the watchdog", f"[ $(systemctl show --value -p NRestarts {unit}) -gt 0 ]")
        services.wait(
            "the service", f"systemctl is-active {unit} && [ $(systemctl show --value -p MainPID {unit}) != {pid} ]"
        )
        assert "Watchdog timeout" in services.run(f"journalctl --no-pager -u {unit}")
        services.wait("both services", "systemctl is-active pyfora-manager pyfora-worker")
        assert program(services, COUNT.format(count=1000)) == "True\n"
    finally:
        services.run(f"rm -r {drop_in}; rm -f /run/frozen; systemctl daemon-reload; systemctl restart {unit}")


def test_a_leaf_that_takes_all_memory_fails_in_words_and_the_service_lives(services: Machine) -> None:
    services.run("systemctl set-property --runtime pyfora-worker.service MemoryMax=600M")
    pid = services.show("pyfora-worker", "MainPID")
    try:
        said = program(
            services,
            """
            try:
                with executor.remotely.downloadAll():
                    x = sum(len(b"x" * (4 * 10**9 if i == 90_000 else 10)) for i in range(100_000))
            except Exception as error:
                print(type(error).__name__, error)
            """,
        )
        assert "out of memory" in said, said
        assert services.show("pyfora-worker", "MainPID") == pid
        assert services.show("pyfora-worker", "ActiveState") == "active"
        assert program(services, COUNT.format(count=1000)) == "True\n"
    finally:
        services.run("systemctl set-property --runtime pyfora-worker.service MemoryMax=infinity")


def test_the_http_port_is_handed_over(services: Machine) -> None:
    """A manager that is killed is not noticed at its port: the client's connection waits in the socket."""
    services.run("systemctl stop pyfora.target; systemctl start pyfora-manager.socket")
    assert services.show("pyfora-manager", "ActiveState") == "inactive"
    services.run("systemctl start --no-block pyfora-worker")
    assert program(services, COUNT.format(count=1000)) == "True\n"
    pid = services.show("pyfora-manager", "MainPID")
    services.run(f"kill -9 {pid}")
    assert program(services, COUNT.format(count=1000)) == "True\n"
    assert services.show("pyfora-manager", "MainPID") not in (pid, "0")
    services.run("systemctl stop pyfora-manager.socket pyfora-manager")


def test_all_is_there_again_after_a_reboot(services: Machine) -> None:
    services.run("systemctl disable pyfora-manager.socket; systemctl enable pyfora.target")
    services.reboot()
    services.wait("both services", "systemctl is-active pyfora-manager pyfora-worker")
    assert program(services, COUNT.format(count=1000)) == "True\n"


def test_the_units_are_the_same_but_for_what_they_say() -> None:
    """The template differs from the worker in nothing but its ports; without a machine."""
    one, many = ((ROOT / "packaging" / "systemd" / f"pyfora-worker{at}.service").read_text() for at in ("", "@"))
    differ = [line for line in many.splitlines() if line not in one.splitlines()]
    assert all("%i" in line or line.startswith("# The instance") for line in differ), differ
