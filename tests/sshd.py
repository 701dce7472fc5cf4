"""A real sshd on loopback with keys of its own, and an `ssh` that knows it under the names of the documents."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemons import free_ports, wait_for

HOSTS = ("the-manager", "gateway", "workstation")


@contextmanager
def sshd(directory: Path) -> Iterator[Path]:
    """A server that runs while this does; the directory that goes to the front of PATH for its `ssh`."""
    server_path = shutil.which("sshd", path="/usr/sbin:/usr/bin") or ""
    ssh = shutil.which("ssh") or ""
    if not server_path or not ssh:
        assert not os.environ.get("CI"), "openssh-server and openssh-client are missing"
        pytest.skip("openssh-server and openssh-client are not installed")
    for key in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(directory / key)], check=True)
    (directory / "authorized_keys").write_text((directory / "user_key.pub").read_text())
    port = free_ports(1)
    (directory / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory / 'host_key'}\n"
        f"AuthorizedKeysFile {directory / 'authorized_keys'}\nPasswordAuthentication no\nUsePAM no\n"
        f"StrictModes no\nPidFile {directory / 'sshd.pid'}\nAllowTcpForwarding yes\nPermitRootLogin yes\n"
    )
    (directory / "ssh_config").write_text(
        f"Host {' '.join(HOSTS)}\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {directory / 'user_key'}\n"
        "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  ConnectionAttempts 20\n"
    )
    commands = directory / "bin"
    commands.mkdir()
    (commands / "ssh").write_text(f'#!/bin/sh\nexec {ssh} -F {directory / "ssh_config"} "$@"\n')
    (commands / "ssh").chmod(0o755)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen(
        [server_path, "-D", "-e", "-f", str(directory / "sshd_config")], stderr=subprocess.DEVNULL
    )
    try:
        yield commands
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def tunnel(commands: Path, arguments: Sequence[str], port: int) -> Iterator[None]:
    """`ssh -N …`, while this runs; `port` is where it listens."""
    client = subprocess.Popen(
        [str(commands / "ssh"), "-N", "-o", "ExitOnForwardFailure=yes", *arguments],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for("the tunnel", lambda: _answers(port))
        yield
    finally:
        client.terminate()
        client.wait(10)


def _answers(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
