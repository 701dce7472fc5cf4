"""packaging/constraints.txt names exactly the libraries that pyfora needs, in versions that setup.py allows."""

from __future__ import annotations

import re
from importlib import metadata

from packaging.requirements import Requirement

from tests.daemons import ROOT


def pinned() -> dict[str, str]:
    lines = (ROOT / "packaging" / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name: str, extra: str = "") -> dict[str, list[Requirement]]:
    """Every library that this one needs, and theirs: name -> all that is required of it."""
    found: dict[str, list[Requirement]] = {}
    waiting, seen = [(name, extra)], set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                found.setdefault(normal(requirement.name), []).append(requirement)
                waiting += [(requirement.name, more) for more in ["", *requirement.extras]]
    return found


def test_the_versions_are_all_there_and_allowed() -> None:
    versions, requirements = pinned(), needed("pyfora")
    assert sorted(versions) == sorted(requirements), "make packaging/constraints.txt anew"
    for name, version in versions.items():
        for requirement in requirements[name]:
            assert requirement.specifier.contains(version), f"{name} {version} is not {requirement}"
