"""Versions of packages: a worker with others than the client's does not run the program."""

from __future__ import annotations

import numpy as np
import pytest

from pyfora.errors import UnconvertibleValueError
from pyfora.language.packages import check_versions, versions_of
from pyfora.language.program import build_call_program
from pyfora.language.running import load_program


def total() -> float:
    import hypothesis  # noqa: F401

    return float(np.arange(3).sum())


def test_a_program_tells_the_versions_of_what_it_uses() -> None:
    program = build_call_program(total, (), {})
    assert program.header["packages"].keys() >= {"numpy", "hypothesis"}
    assert program.header["packages"]["numpy"] == np.__version__
    by_value = build_call_program(len, (np.ones(2),), {})
    assert by_value.header["packages"] == {"numpy": np.__version__}


def test_another_version_is_refused_with_both() -> None:
    program = build_call_program(total, (), {})
    load_program(program.to_bytes(), {})
    program.header["packages"]["numpy"] = "0.1"
    with pytest.raises(UnconvertibleValueError, match=rf"uses numpy 0\.1, but the worker has numpy {np.__version__}"):
        load_program(program.to_bytes(), {})


def test_only_installed_packages_have_versions() -> None:
    assert versions_of(["json", "os.path", "tests.language", "numpy.linalg", "not_there_at_all"]) == {
        "numpy": np.__version__
    }
    check_versions({"not_there_at_all": "1.0"})
