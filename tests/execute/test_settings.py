"""Settings of one process made in another, and what code changed of them."""

from __future__ import annotations

import decimal
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

from pyfora.language.settings import (
    Settings,
    change_settings,
    changed_settings,
    current_settings,
    make_settings,
)


@pytest.fixture(autouse=True)
def settings() -> Iterator[Settings]:
    before = current_settings()
    with warnings.catch_warnings(), decimal.localcontext():
        yield before
        make_settings(before)


def of_a_fresh_process(code: str) -> Settings:
    program = f"{code}\nimport json; from pyfora.language.settings import current_settings as s; print(json.dumps(s()))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    settings: Settings = json.loads(found.stdout)
    return settings


def test_a_fresh_process_has_the_defaults() -> None:
    found = of_a_fresh_process("import decimal, logging, numpy, locale")
    assert set(found) <= {"arguments", "directory", "warnings", "time zone"}


CHANGES = {
    "import sys; sys.setrecursionlimit(3000)": {"recursion limit": 3000},
    "import sys; sys.set_int_max_str_digits(0)": {"int digits": 0},
    "import decimal; decimal.Decimal(1) / 3": {"decimal flags": ["Inexact", "Rounded"]},
    "import numpy; numpy.seterr(all='raise')": {
        "array errors": {"divide": "raise", "over": "raise", "under": "raise", "invalid": "raise"}
    },
    "import logging; logging.basicConfig(level=10, format='%(message)s')": {
        "logging": {"": [10, True, False, [["stream", "stderr", 0, ["%(message)s", None, "%"]]]]}
    },
    "import logging; logging.getLogger('a.b').propagate = False": {"logging": {"a.b": [0, False, False, []]}},
    "import logging; logging.disable(30)": {"logging disabled": 30},
}  # fmt: skip


@pytest.mark.parametrize("code", CHANGES)
def test_what_was_changed_is_told(code: str) -> None:
    found = of_a_fresh_process(code)
    assert {name: value for name, value in found.items() if name in CHANGES[code]} == CHANGES[code]


def test_made_settings_are_read_again(settings: Settings) -> None:
    wanted = {
        **settings,
        "recursion limit": 2345,
        "int digits": 0,
        "decimal": [5, "ROUND_DOWN", -99, 99, 0, 1, ["Inexact"]],
        "array printing": {"edgeitems": 2, "threshold": 10, "floatmode": "fixed", "precision": 3, "suppress": True,
                           "linewidth": 40, "nanstr": "x", "infstr": "y", "sign": "+", "legacy": False},
        "warnings": [["error", ["ab", 34], "builtins:UserWarning", None, 3], ["once", None, "gone:W", "__main__", 0]],
        "logging disabled": 10,
    }  # fmt: skip
    make_settings(wanted)
    assert current_settings() == wanted
    make_settings(settings)
    assert current_settings() == settings


def test_only_changes_are_made(settings: Settings) -> None:
    handler = logging.FileHandler("/dev/null")
    log = logging.getLogger("tests.settings")
    log.addHandler(handler)
    before = current_settings()
    after = {
        **before,
        "logging": {**before["logging"], "tests.settings": [10, True, False, before["logging"]["tests.settings"][3]]},
    }
    changes = changed_settings(before, after)
    assert list(changes) == ["logging"]
    change_settings(json.loads(json.dumps(changes)))
    assert log.level == 10
    assert log.handlers == [handler]
    log.removeHandler(handler)
    handler.close()


def test_handlers_of_the_client_stay_there() -> None:
    make_settings(
        {"logging": {"tests.other": [0, False, False, [["elsewhere", "FileHandler", 0], ["stream", "stderr", 5, []]]]}}
    )
    first, second = logging.getLogger("tests.other").handlers
    assert isinstance(first, logging.NullHandler)
    assert isinstance(second, logging.StreamHandler) and second.stream is sys.stderr
    assert current_settings()["logging"]["tests.other"][3][0] == ["elsewhere", "FileHandler", 0]
