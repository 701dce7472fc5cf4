"""Certificates for tests: of this cluster, of another one, and some that have expired."""

from __future__ import annotations

import atexit
import datetime
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from pyfora.certificates.checking import Certificates
from pyfora.certificates.making import make_certificates
from pyfora.certificates.roles import Role

NOW = datetime.datetime.now(datetime.UTC)
LONG_AGO = NOW - datetime.timedelta(days=1000)


@cache
def directory(name: str) -> Path:
    """ "ours", "other", or "expired" (by our authority); made once."""
    path = Path(mkdtemp(prefix="pyfora-certificates-")) / name
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    if name == "expired":
        path.mkdir()
        for file in ("ca.pem", "ca.key"):
            (path / file).write_bytes((directory("ours") / file).read_bytes())
    make_certificates(path, ["manager.example.org", "198.18.0.1"], 1, LONG_AGO if name == "expired" else NOW)
    return path


def files(name: str, role: Role) -> Certificates:
    """The files of a role, not looked at."""
    place = directory(name)
    return Certificates(role, place / "ca.pem", place / f"{role}.pem", place / f"{role}.key", "")
