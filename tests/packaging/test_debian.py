"""The Debian package: built, looked at by lintian, and docs/debian.md from top to bottom in a booted machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import ROOT, wait_for
from tests.packaging.artefacts import copy_sources, package, run
from tests.packaging.boxes import Box
from tests.packaging.machine import Machine, join
from tests.packaging.needs import need
from tests.packaging.pages import walk

pytestmark = [pytest.mark.debian, pytest.mark.timeout(900)]

PLACES = "etc/pyfora etc/default/pyfora-* usr/bin/pyfora usr/lib/pyfora lib/systemd/system/pyfora* var/lib/pyfora"
UNITS = {
    unit.name for unit in (ROOT / "packaging" / "systemd").iterdir() if unit.suffix not in (".sysusers", ".tmpfiles")
}
STATE = f"cd / && find {PLACES}"


@pytest.fixture(scope="module")
def deb() -> Path:
    need("dpkg-buildpackage", "dh_virtualenv", "lintian", "systemd-nspawn", "mmdebstrap")
    return package()


def test_lintian_finds_nothing(deb: Path) -> None:
    """Errors and warnings fail, also those of the overrides themselves: one that overrides nothing is one too many."""
    (changes,) = deb.parent.glob("*.changes")
    said = run("lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", changes)
    assert not re.search("^[EW]: ", said, re.MULTILINE), said


def test_every_override_has_its_reason() -> None:
    lines = (ROOT / "debian" / "pyfora.lintian-overrides").read_text().splitlines()
    assert lines[0].startswith("# ") and all(line.startswith(("# ", "pyfora: ")) for line in lines)


@pytest.fixture(scope="module")
def machine(deb: Path) -> Iterator[Machine]:
    """A machine with the package and a checkout beside it."""
    with Machine("debian") as machine:
        copy_sources(machine.root / "srv" / "pyfora")
        shutil.copy2(deb, machine.root / "srv")
        yield machine


@pytest.fixture(scope="module")
def other(deb: Path, machine: Machine) -> Iterator[Machine]:
    """Another one, with a cable to the first."""
    with Machine("other") as other:
        shutil.copy2(deb, other.root / "srv")
        join((machine, "10.0.0.5"), (other, "10.0.0.6"))
        yield other


def newer(deb: Path, machine: Machine) -> str:
    """The same package under a later version, put into the machine; returns its path there. Its files stay packed."""
    directory = machine.root / "srv" / "later"
    run("dpkg-deb", "--control", deb, directory)
    run("sed", "-i", "s/^Version: .*/&+later/", "control", cwd=directory)
    names = sorted(file.name for file in directory.iterdir())
    run("tar", "-cJf", "control.tar.xz", "--owner=0", "--group=0", *names, cwd=directory)
    run("cp", deb, "later.deb", cwd=directory)
    run("ar", "rS", "later.deb", "control.tar.xz", cwd=directory)
    return "/srv/later/later.deb"


def test_the_page(machine: Machine, other: Machine) -> None:
    """Installing, starting, the first program, and a second machine; its building was done before."""
    walk("debian.md", {"box": Box(machine, "/srv"), "other": Trusting(other, machine), "build": Built(machine)})


class Trusting(Box):
    """A machine that is brought the token of the manager's, as the page says in words."""

    def __init__(self, machine: Machine, manager: Machine) -> None:
        super().__init__(machine, "/srv")
        self._manager = manager

    def run(self, script: str) -> str:
        """The token lies in the directory."""
        self.write("token", self._manager.run("cat /etc/pyfora/token"))
        return super().run(script)


class Built:
    """The place where the page builds the package: it was built by the same commands, outside."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def run(self, script: str) -> str:
        """The commands have to be those that made the package; what they leave is there."""
        assert [line for line in script.splitlines() if line] == ["dpkg-buildpackage -us -uc -b", "ls .."]
        return self._machine.run("cd /srv/pyfora; ls ..")

    def start(self, script: str) -> None:
        raise AssertionError("nothing of building runs in the background")

    def write(self, name: str, text: str) -> None:
        raise AssertionError("nothing is written for building")


WORK = """
import pyfora
executor = pyfora.connect("http://10.0.0.5:30000", progress=False)
with executor.remotely.downloadAll():
    x = sum(len(str(3**3000 + i)) for i in range(100_000))
print(x == 100_000 * len(str(3**3000)))
"""


def _leaves(machine: Machine) -> list[float] | None:
    """How many each worker has done; None as long as one has done none."""
    metrics = machine.run(
        'curl -sS -H "Authorization: Bearer $(cat /etc/pyfora/token)" http://10.0.0.5:30000/metrics | '
        "grep ^pyfora_worker_leaves_total"
    )
    found = [float(line.split()[-1]) for line in metrics.splitlines()]
    return found if all(found) else None


def test_both_machines_work_for_one_program(other: Machine) -> None:
    other.run("cat >/srv/work.py", input=WORK)
    said = other.run("UFORA_TOKEN_FILE=/etc/pyfora/token /usr/lib/pyfora/bin/python /srv/work.py")
    assert said == "True\n"
    # Workers tell what they have done with their beats.
    leaves = wait_for("leaves of both workers", lambda: _leaves(other), 20)
    assert len(leaves) == 2, leaves
    said = other.run("UFORA_TOKEN_FILE=/etc/pyfora/token pyfora status http://10.0.0.5:30000")
    assert "10.0.0.5:30009" in said and "10.0.0.6:30009" in said
    other.run("systemctl stop pyfora-worker")


def test_what_was_installed(machine: Machine) -> None:
    assert machine.run("stat -c '%a %U:%G' /etc/pyfora/token").strip() == "640 root:pyfora"
    assert re.fullmatch("[0-9a-f]{64}", machine.run("cat /etc/pyfora/token").strip())
    assert "/var/lib/pyfora" in machine.run("getent passwd pyfora")
    conffiles = machine.run("dpkg-query -W -f='${Conffiles}' pyfora")
    assert "/etc/default/pyfora-manager" in conffiles and "/etc/default/pyfora-worker" in conffiles
    assert machine.run("man --pager=cat pyfora").startswith("PYFORA(1)")
    units = machine.run("dpkg --listfiles pyfora | grep ^/lib/systemd/system/pyfora").split()
    assert {Path(unit).name for unit in units} == UNITS
    assert machine.show("pyfora-manager", "UnitFileState") == "enabled"
    assert machine.run("zcat /usr/share/doc/pyfora/changelog.gz | head -1").startswith("pyfora (")


def test_the_libraries_are_the_tested_ones(machine: Machine) -> None:
    code = (
        "import importlib.metadata as m; print('\\n'.join(f'{d.name.lower()}=={d.version}' for d in m.distributions()))"
    )
    installed = machine.run(f'/usr/lib/pyfora/bin/python -c "{code}"').split()
    normal = {
        line.replace("_", "-").replace(".", "-", line.count(".") - line.split("==")[1].count(".")) for line in installed
    }
    pinned = (ROOT / "packaging" / "constraints.txt").read_text().splitlines()
    assert normal - {line for line in normal if line.startswith("pyfora==")} == {
        x for x in pinned if not x.startswith("#")
    }


def test_an_upgrade_keeps_what_is_the_owners(deb: Path, machine: Machine) -> None:
    """Token, settings and journal stay; the services run the new version; the worker that ran runs again."""
    token = machine.run("cat /etc/pyfora/token")
    machine.run("echo '# mine' >>/etc/default/pyfora-worker; systemctl start pyfora-worker")
    pids = [machine.show(unit, "MainPID") for unit in ("pyfora-manager", "pyfora-worker")]
    machine.run(f"DEBIAN_FRONTEND=noninteractive apt-get install --yes {newer(deb, machine)}", timeout_s=300)
    assert machine.run("dpkg-query -W -f='${Version}' pyfora").endswith("+later")
    assert machine.run("cat /etc/pyfora/token") == token
    assert "# mine" in machine.run("cat /etc/default/pyfora-worker")
    machine.wait("both services", "systemctl is-active pyfora-manager pyfora-worker")
    assert all(
        machine.show(unit, "MainPID") != pid
        for unit, pid in zip(("pyfora-manager", "pyfora-worker"), pids, strict=True)
    )
    said = machine.run("cd /srv; UFORA_TOKEN_FILE=/etc/pyfora/token /usr/lib/pyfora/bin/python tutorial.py")
    assert said.startswith("True ")


def test_removed_it_keeps_settings_and_data(machine: Machine) -> None:
    machine.run("apt-get remove --yes pyfora", timeout_s=120)
    left = machine.run(f"{STATE} 2>/dev/null || true").split()
    assert "etc/pyfora/token" in left and "etc/default/pyfora-worker" in left
    assert "var/lib/pyfora/manager/journal.sqlite" in left
    assert not [name for name in left if name.startswith(("usr/", "lib/"))]
    assert machine.run("find /proc -maxdepth 1 -user pyfora 2>/dev/null || true") == ""


def test_purged_it_leaves_nothing_but_its_user(machine: Machine) -> None:
    machine.run("apt-get purge --yes pyfora", timeout_s=120)
    assert machine.run(f"{STATE} 2>/dev/null || true") == ""
    assert not machine.succeeds("ls /etc/systemd/system/*/pyfora*")
    assert machine.succeeds("getent passwd pyfora")
