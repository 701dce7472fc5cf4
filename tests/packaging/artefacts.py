"""What the tests of this room build once and keep in build/packaging: a Debian tree, wheels, the package."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.daemons import ROOT
from tests.packaging.needs import clean_environment

STORE = Path(os.environ.get("PYFORA_TEST_STORE") or ROOT / "build" / "packaging")
SUITE = "bookworm"
IN_TREE = "systemd,systemd-sysv,dbus,python3,python3-venv,ca-certificates,iproute2,curl,adduser,man-db"
BUILD_TIMEOUT_S = 900


def run(*command: str | Path, cwd: Path = ROOT, timeout_s: float = BUILD_TIMEOUT_S, **more: str) -> str:
    """Run a build tool; returns what it wrote. Raises AssertionError with its last words where it fails."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=clean_environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    last = "\n".join(done.stdout.splitlines()[-40:])
    assert done.returncode == 0, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{last}"
    return done.stdout


def sources() -> list[str]:
    """The project's files, as git knows them: also what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return sorted(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def _digest(*rooms: str) -> str:
    """Of all source files below these directories (or of these names), names and contents."""
    digest = hashlib.sha256()
    for name in sources():
        if name.startswith(rooms):
            digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """The artefact of this name; made, under another name first, where it is not there yet."""
    found = STORE / name
    if not found.exists():
        STORE.mkdir(parents=True, exist_ok=True)
        kind = name.partition("-")[0]
        for old in STORE.glob(f"{kind}-*"):
            shutil.rmtree(old)
        unfinished = STORE / f"{kind}-unfinished"
        unfinished.mkdir()
        make(unfinished)
        unfinished.rename(found)
    return found


def copy_sources(target: Path) -> None:
    """The project as it is checked out, without what git ignores."""
    for name in sources():
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy, follow_symlinks=False)


def tree() -> Path:
    """A Debian tree that systemd can boot from."""

    def make(directory: Path) -> None:
        run("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", f"--include={IN_TREE}", SUITE, directory)
        (directory / "etc" / "hostname").unlink(missing_ok=True)

    return _kept(f"tree-{hashlib.sha256(IN_TREE.encode()).hexdigest()[:16]}", make)


def wheels() -> Path:
    """Wheels of pyfora and of all that it needs, for the Debian tree's Python."""

    def make(directory: Path) -> None:
        run("/usr/bin/python3", "-m", "venv", directory / "venv")
        pip = directory / "venv" / "bin" / "pip"
        source = directory / "source"
        copy_sources(source)
        constraints = source / "packaging" / "constraints.txt"
        run(pip, "wheel", "--quiet", "--wheel-dir", directory, "--constraint", constraints, source)
        run(pip, "wheel", "--quiet", "--wheel-dir", directory, "setuptools>=77", "wheel")
        shutil.rmtree(directory / "venv")
        shutil.rmtree(source)

    return _kept(f"wheels-{_digest('pyfora', 'twisted/', 'setup.py', 'pyproject.toml', 'packaging/')}", make)


def package() -> Path:
    """The Debian package; its .changes lie beside it."""

    def make(directory: Path) -> None:
        source = directory / "source"
        copy_sources(source)
        run("dpkg-buildpackage", "-us", "-uc", "-b", cwd=source)
        shutil.rmtree(source)

    rooms = ("pyfora", "twisted/", "setup.py", "pyproject.toml", "packaging/", "debian/", "docs/", "README", "examples")
    (found,) = _kept(f"package-{_digest(*rooms)}", make).glob("pyfora_*.deb")
    return found


def base_image() -> Path:
    """A tar of a minimal Debian, as no image can be pulled from anywhere."""

    def make(directory: Path) -> None:
        tar = directory / "base.tar"
        run("mmdebstrap", "--quiet", "--variant=minbase", "--include=ca-certificates", SUITE, tar)

    return _kept(f"base-{SUITE}", make) / "base.tar"


if __name__ == "__main__":
    print(globals()[sys.argv[1]]())
