"""A Debian machine with the real systemd as its first process, in namespaces of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from tests.daemons import wait_for
from tests.packaging.artefacts import tree
from tests.packaging.needs import clean_environment

BOOT_TIMEOUT_S = 60.0
CGROUPS = Path("/sys/fs/cgroup")

# A machine that reboots leaves systemd-nspawn with 133. Where the host's control groups are of the first kind, it gets
# groups of its own: limits of its units then hold, though the host has no systemd.
BOOT = """
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
    for c in /sys/fs/cgroup/*/; do
        mkdir -p "$c$NAME"
        [ "$(basename "$c")" = cpuset ] && for f in cpus mems; do cat "${c}cpuset.$f" >"$c$NAME/cpuset.$f"; done
        echo $$ >"$c$NAME/cgroup.procs"
    done
fi
trap 'kill -TERM $inner' TERM
while :; do
    systemd-nspawn -D "$TREE" -M "$NAME" --hostname "$NAME" --boot --register=no --keep-unit --console=pipe \
        --private-network "$@" </dev/null &
    inner=$!
    while kill -0 $inner 2>/dev/null; do wait $inner; code=$?; done
    [ $code = 133 ] || exit $code
done
"""
WRITABLE_GROUPS = """
for c in memory pids cpu cpuacct; do
    [ ! -d /sys/fs/cgroup/$c ] || mount -o remount,bind,rw /sys/fs/cgroup/$c
done
systemctl daemon-reexec
"""


def join(*machines: tuple[Machine, str]) -> None:
    """A cable between two machines, each with its address in 10.0.0.0/24; its name has 127.0.1.1, as Debian sets it."""
    (one, _), (other, _) = machines
    cable = ["ip", "link", "add", "eth0", "netns", str(one.leader()), "type", "veth"]
    subprocess.run([*cable, "peer", "name", "eth0", "netns", str(other.leader())], check=True)
    for machine, address in machines:
        machine.run(
            f"ip address add {address}/24 dev eth0; ip link set eth0 up; echo 127.0.1.1 $(hostname) >>/etc/hosts"
        )


class Machine:
    """`with Machine("name") as machine: machine.run("systemctl …")`; what it writes is gone with it."""

    def __init__(self, name: str, binds: dict[Path, str] | None = None) -> None:
        """`binds`: what of the host can be read inside, and where."""
        self.name = f"pyfora-{name}-{os.getpid()}"
        self._binds = binds or {}
        self._directory = Path(tempfile.mkdtemp(prefix="pyfora-machine-"))
        self.root = self._directory / "root"

    def __enter__(self) -> Machine:
        upper, work = self._directory / "upper", self._directory / "work"
        for directory in (self.root, upper, work):
            directory.mkdir()
        options = f"lowerdir={tree()},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(self.root)], check=True)
        try:
            self._start()
            self.wait_until_up()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            with contextlib.suppress(Exception):
                print(self.run("journalctl --no-pager --lines=80 --quiet", check=False))
        self.power_off()
        subprocess.run(["umount", str(self.root)], check=False)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _start(self) -> None:
        binds = [f"--bind-ro={host}:{inside}" for host, inside in self._binds.items()]
        with (self._directory / "console").open("ab") as console:
            self._process = subprocess.Popen(
                ["bash", "-c", BOOT, "boot", *binds],
                env=clean_environment(NAME=self.name, TREE=str(self.root)),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )

    # ---- inside ----------------------------------------------------------------------------------------

    def run(self, script: str, *, check: bool = True, timeout_s: float = 120.0, input: str | None = None) -> str:
        """Run a shell script as root inside; returns what it wrote. Fails with that where it fails and `check`."""
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader()), "-a", "sh", "-c", script],
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LANG": "C.UTF-8",
                "HOME": "/srv",
            },
            stdin=subprocess.DEVNULL if input is None else None,
            input=input,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert not check or done.returncode == 0, f"{script!r} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def succeeds(self, script: str) -> bool:
        """Whether the script ends with 0."""
        return self.run(f"( {script} ) >/dev/null 2>&1 && echo yes || echo no").strip() == "yes"

    def show(self, unit: str, key: str) -> str:
        """A property of a unit, as `systemctl show` has it."""
        return self.run(f"systemctl show --value -p {key} {unit}").strip()

    def journal(self, unit: str) -> list[dict[str, str]]:
        """The entries of a unit, with all fields."""
        lines = self.run(f"journalctl --no-pager --quiet --output=json -u {unit}").splitlines()
        return [json.loads(line) for line in lines]

    def wait(self, what: str, script: str, timeout_s: float = 60.0) -> None:
        """Until the script ends with 0."""
        wait_for(what, lambda: self.succeeds(script) or time.sleep(0.2), timeout_s)

    # ---- its life --------------------------------------------------------------------------------------

    def leader(self) -> int:
        """The pid, out here, of the machine's first process."""
        found = [self._process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                spaces = next(line for line in status.splitlines() if line.startswith("NSpid")).split()[1:]
                if len(spaces) > 1 and spaces[-1] == "1":
                    return pid
                for children in Path(f"/proc/{pid}/task").glob("*/children"):
                    found += map(int, children.read_text().split())
        raise ProcessLookupError(f"the machine {self.name} is not up")

    def is_up(self) -> bool:
        """Whether systemd has started what it was to start."""
        try:
            return self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded")
        except ProcessLookupError:
            return False

    def wait_until_up(self) -> None:
        """Also after a reboot."""
        try:
            wait_for("the machine", self.is_up, BOOT_TIMEOUT_S)
        except AssertionError:
            print((self._directory / "console").read_text(errors="replace")[-3000:])
            raise
        self.run(WRITABLE_GROUPS)

    def reboot(self) -> None:
        """Orderly; returns when it is up again."""
        before = self.leader()
        self.run("systemctl --no-block reboot", check=False)
        wait_for("the machine to go down", lambda: not Path(f"/proc/{before}").exists(), BOOT_TIMEOUT_S)
        self.wait_until_up()

    def power_off(self) -> None:
        """Orderly where that is possible within bounded time; nothing is left."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.leader(), signal.SIGKILL)
                self._process.wait(10)
        for _ in range(10):
            left = [group for group in CGROUPS.glob(f"*/{self.name}") if group.is_dir()]
            for group in left:
                for directory in sorted((d for d in group.rglob("*") if d.is_dir()), reverse=True):
                    with contextlib.suppress(OSError):
                        directory.rmdir()
                with contextlib.suppress(OSError):
                    group.rmdir()
            if not left:
                return
            time.sleep(0.3)
