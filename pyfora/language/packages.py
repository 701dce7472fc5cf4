"""The versions of the installed packages that a program uses: of others the answers may be others."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterable, Mapping

from pyfora.errors import UnconvertibleValueError
from pyfora.language.reach import is_user_module


def versions_of(modules: Iterable[str]) -> dict[str, str]:
    """By package, of those among the `modules` (dotted names) that are installed and have a version."""
    found = {}
    for package in sorted({name.partition(".")[0] for name in modules if isinstance(name, str)}):
        if package not in ("pyfora", *sys.stdlib_module_names) and not is_user_module(package):
            version = version_of(package)
            if version is not None:
                found[package] = version
    return found


@functools.lru_cache(maxsize=1024)
def version_of(package: str) -> str | None:
    """What is installed here, or None where that is not known."""
    try:
        return importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        version = getattr(sys.modules.get(package), "__version__", None)
        return version if isinstance(version, str) else None


def check_versions(packages: Mapping[str, str]) -> None:
    """Raises UnconvertibleValueError where this process has another version of one that the client has."""
    for package, version in packages.items():
        own = version_of(package)
        if own is not None and own != version:
            raise UnconvertibleValueError(
                f"your program uses {package} {version}, but the worker has {package} {own}, whose answers may be "
                "others; install the same version on both"
            )


def missing(package: str, version: str) -> str:
    """What to say of a package that is not here."""
    return (
        f"your program uses {package} {version}, which is not installed on the worker; install that version there, or "
        "use it outside of the block"
    )
