"""What a tier of these tests needs of the machine that it runs on: with CI=true a missing part fails, else it skips."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PLACES = "/usr/sbin:/usr/bin:/sbin:/bin"
"""The distribution's own tools: of the same name, another may come first on PATH."""


def need(*programs: str) -> None:
    """Skip the test, or fail it under CI, where a program is missing or this user is not root."""
    missing = [program for program in programs if shutil.which(program, path=PLACES) is None]
    if os.geteuid() != 0:
        missing.append("root's rights")
    if not missing:
        return
    reason = f"missing here: {', '.join(missing)}; .ci/run installs what can be installed"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def clean_environment(**more: str) -> dict[str, str]:
    """What a distribution's build tools are to see: no other Python, nothing of this test's settings."""
    kept = {key: os.environ[key] for key in ("PIP_CERT", "SSL_CERT_FILE", "TMPDIR") if key in os.environ}
    return {"PATH": PLACES, "HOME": str(Path.home()), "LANG": "C.UTF-8", **kept, **more}
