"""The command `pyfora`: what a program would become, and how a cluster is."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

import pyfora
from pyfora.errors import PyforaError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; `arguments` are those of the process where None. The exit code: 0, or 1 with a line on why."""
    parser = argparse.ArgumentParser(prog="pyfora", description="Ordinary Python on a cluster.")
    parser.add_argument("--version", action="version", version=f"pyfora {pyfora.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    explain = commands.add_parser("explain", help="the rewritten program, and which loops of it are compiled")
    explain.add_argument("file", help="a Python file; nothing of it is run")
    status = commands.add_parser("status", help="workers, cores and running blocks of a cluster")
    # Where this machine's daemon speaks TLS, its client does as well.
    url = f"{'https' if os.environ.get('UFORA_TLS_DIR', '').strip() else 'http'}://127.0.0.1:30000"
    status.add_argument("url", nargs="?", default=url, help=f"the manager's URL (default {url})")
    status.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="how long to wait (default 5)")
    commands.add_parser("config", help="the daemon's settings in force here, and where each comes from")
    health = commands.add_parser("health", help="whether a daemon works; exit status 0 or 1")
    health.add_argument("url", nargs="?", help="http://HOST:PORT or worker://HOST:BASE_PORT (default: as configured)")
    health.add_argument("--ready", action="store_true", help="also: can it take a block, is it registered")
    health.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="how long to wait (default 5)")
    logs = commands.add_parser("logs", help="what the daemons' logs say of a block, in the order of time")
    logs.add_argument("directories", nargs="*", help="data directories of daemons (default: the configured one)")
    logs.add_argument("--block", required=True, metavar="ID", help="the block's id, or its beginning")
    certs = commands.add_parser("certs", help="an authority of the cluster's own, and certificates for its TLS")
    certs.add_argument("directory", help="where they are put; an authority that is there already is used again")
    certs.add_argument("--name", action="append", default=[], help="a name or address of the manager, for browsers")
    certs.add_argument("--days", type=int, default=825, help="how long they are valid (default 825)")
    given = parser.parse_args(arguments)
    try:
        text = _answer(given)
    except PyforaError as error:
        print(f"pyfora: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(text)
    return 0


def _answer(given: argparse.Namespace) -> str:
    match given.command:
        case "explain":
            return _explain(given.file)
        case "config":
            return _config()
        case "logs":
            return _logs(given.directories, given.block)
        case "health":
            return _health(given.url, given.ready, given.timeout)
        case "certs":
            return _certs(given.directory, given.name, given.days)
        case _:
            return _status(given.url, given.timeout)


def _config() -> str:
    from pyfora.configuration.shown import config_text

    return config_text(os.environ)


def _health(url: str | None, ready: bool, timeout_s: float) -> str:
    from pyfora.client.health import health_text

    return health_text(url, os.environ, ready, timeout_s)


def _logs(directories: list[str], block: str) -> str:
    from pathlib import Path

    from pyfora.client.logbook import block_lines
    from pyfora.configuration.config import read_config

    places = [Path(directory) for directory in directories] or [read_config(os.environ).data_dir]
    return "".join(f"{line}\n" for line in block_lines(places, block))


def _certs(directory: str, names: list[str], days: int) -> str:
    import datetime
    from pathlib import Path

    from pyfora.certificates.making import make_certificates
    from pyfora.configuration.reading import ConfigError

    if not 1 <= days <= 3650:
        raise ConfigError(f"--days {days}: certificates are made for 1 to 3650 days.")
    made = make_certificates(Path(directory), names, days, datetime.datetime.now(datetime.UTC))
    return (
        f"Made in {directory}: {', '.join(made)}.\n"
        "Every machine gets ca.pem and the two files of its own role, as UFORA_TLS_DIR:\n"
        "  the manager  manager.pem manager.key (and the worker's two, where it works itself)\n"
        "  a worker     worker.pem worker.key\n"
        "  a client     client.pem client.key\n"
        "Keep ca.key somewhere else: whoever has it can make any of these.\n"
    )


def _explain(path: str) -> str:
    from pyfora.client.explaining import explain_path

    return explain_path(path)


def _status(url: str, timeout_s: float) -> str:
    from pyfora.client.address import parse_address

    return status_text(url, parse_address(url).status(timeout_s))


def status_text(url: str, status: dict[str, Any]) -> str:
    """The lines of `pyfora status` for what the manager at `url` answered."""
    workers, programs = status.get("workers", []), status.get("programs", [])
    running = [program for program in programs if program.get("state") not in ("ended", "completed")]
    lines = [
        f"manager  {url}  pyfora {status.get('pyfora_version', '?')}, Python {status.get('python_version', '?')}",
        f"workers  {len(workers)} with {_counted(status.get('cores', 0), 'core')}",
    ]
    lines += [
        f"         {worker['host']}:{worker['base_port']}  {_counted(worker['cores'], 'core')}, "
        f"{_counted(worker['programs'], 'block')} at home"
        for worker in workers
    ]
    lines += [f"clients  {status.get('clients', 0)}", f"blocks   {len(running)} under way"]
    for program in running:
        done, total = program.get("leaves_done", 0), program.get("leaves_total", 0)
        share = f"{done:,} of {total:,} leaves ({100 * done / total:.0f} %)" if total else "no parallel loop yet"
        attempt = f", attempt {program['attempt']}" if program.get("attempt", 0) > 1 else ""
        lines.append(
            f"         {program['program_id'][:8]}  {program.get('state', '?')}, {share}, "
            f"{_counted(program.get('workers', 0), 'worker')}{attempt}"
        )
    return "\n".join(lines) + "\n"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    sys.exit(main())
