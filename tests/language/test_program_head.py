"""The hash seed: what a process knows of its own, and what a program's head tells of the client's."""

from __future__ import annotations

import json
import operator
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyfora.errors import WireError
from pyfora.language.program import MAGIC, build_call_program, hash_seed_of_program, read_program
from pyfora.values.hash_seed import fixed_hash_seed
from tests.daemons import ROOT

ASK = "from pyfora.values.hash_seed import fixed_hash_seed; print(fixed_hash_seed())"


@pytest.mark.parametrize(
    ("variable", "options", "found"),
    [
        ("0", [], "0"),
        ("42", [], "42"),
        ("0042", [], "42"),
        ("4294967295", [], "4294967295"),
        ("random", [], "None"),
        ("", [], "None"),
        (None, [], "None"),
        ("42", ["-E"], "None"),
    ],
)
def test_a_process_knows_its_seed(variable: str | None, options: list[str], found: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    if variable is not None:
        environment["PYTHONHASHSEED"] = variable
    asked = [sys.executable, *options, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {ASK}"]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found


def test_setting_the_variable_for_children_changes_nothing() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    text = f"import os; os.environ['PYTHONHASHSEED'] = '8'; {ASK}"
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "7"


def test_a_program_tells_the_seed_in_its_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyfora.language.program.fixed_hash_seed", lambda: "42")
    file = tmp_path / "program"
    file.write_bytes(build_call_program(operator.add, (1, 2), {}).to_bytes())
    assert hash_seed_of_program(file) == "42"
    monkeypatch.setattr("pyfora.language.program.fixed_hash_seed", lambda: None)
    file.write_bytes(build_call_program(operator.add, (1, 2), {}).to_bytes())
    assert hash_seed_of_program(file) is None


def with_seed(seed: object) -> bytes:
    whole = build_call_program(operator.add, (1, 2), {}).to_bytes()
    header, _ = read_program(whole)
    changed = json.dumps({**header, "hash_seed": seed}).encode()
    return whole[:8] + len(changed).to_bytes(4, "little") + whole[12:20] + changed


@pytest.mark.parametrize("seed", ["random", "-1", "4294967296", "٤٢", "0" * 11, 42, None, ["1"]])
def test_a_seed_that_python_would_not_start_with_is_none(tmp_path: Path, seed: object) -> None:
    file = tmp_path / "program"
    file.write_bytes(with_seed("4294967295"))
    assert hash_seed_of_program(file) == "4294967295"
    file.write_bytes(with_seed(seed))
    assert hash_seed_of_program(file) is None


@pytest.mark.parametrize("data", [b"", MAGIC, b"x" * 40, MAGIC + b"\xff" * 40, MAGIC + bytes(14) + b"[]"])
def test_what_is_no_program_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "program"
    file.write_bytes(data)
    with pytest.raises(WireError):
        hash_seed_of_program(file)


def test_this_process_has_the_hashes_that_it_says() -> None:
    seed = fixed_hash_seed()
    if seed is None:
        assert sys.flags.hash_randomization
        return
    asked = [sys.executable, "-c", "print(hash('pyfora'))"]
    done = subprocess.run(asked, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True)
    assert int(done.stdout) == hash("pyfora")
