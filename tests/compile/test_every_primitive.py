"""Every primitive, operator and function of math: what a kernel yields is CPython's to the bit, or it gives up.

Whoever adds a primitive and no case for it here sees `test_no_primitive_is_forgotten` fail.
"""

from __future__ import annotations

import ast
import builtins
import cmath
import math
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyfora.compile import GaveUp, Kernel, KernelCache, NotCompiled, Output, checked_ints
from pyfora.compile.checked_complex import COMPLEX_PRIMITIVES
from pyfora.compile.checked_digits import DIGIT_PRIMITIVES
from pyfora.compile.checked_floats import FLOAT_PRIMITIVES
from pyfora.compile.checked_ints import INT_PRIMITIVES
from pyfora.compile.checked_lists import LIST_PRIMITIVES
from pyfora.compile.generated import generate
from tests.compile.drawing import KINDS
from tests.compile.loops import bits, compiled, loop, module
from tests.conftest import USUAL_CASES

LIBRARY = """
import cmath
ints, floats, bools = [3, -1, 4, 2**62], [0.5, -0.0, 1e300, nan], [True, False, True, True]
word = "Żółw"
def made(kind, *elements):
    return list(elements)
def filled(x, n):
    made = []
    for k in range(n):
        made.append(x)
    return made
def popped(x, y):
    made = [x, y, x]
    made[1] = made.pop()
    return made
def counted(n):
    total = 0
    for k in range(n):
        if k < 200:
            total += 1
    return total
def chosen(x, y):
    return 3 * x + 1 if x < y else y
def asserted(x, y):
    assert x != 3
    return x > y
def cut(n, low, high):
    made = [k * n for k in range(7)]
    return len(made[low:high]) * 1000 + (made[low:] + made[:high] + [n])[0]
def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)
"""
_SENTINELS = {"i": [101, 103, 107], "f": [101.5, 103.5, 107.5], "b": [True, False], "s": [11, 13, 17]}
_SENTINELS["c"] = [109.5 + 113.5j, 127.5 + 131.5j, 137.5 + 139.5j]  # type: ignore[list-item]

BINARY = ["+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "|", "^"]
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]
PAIRS = ["ii", "ff", "if", "fi", "bi", "ib", "bf", "bb"]
CASES: list[tuple[str, str]] = [
    *((f"x {word} y", kinds) for word in BINARY for kinds in PAIRS),
    *((f"x {word} y", kinds) for word in [*COMPARISONS, "and", "or"] for kinds in PAIRS[:4]),
    *((f"x {word} y", "is") for word in ("**", "<<", ">>")),
    *((f"{word}x", kind) for word in ("-", "+", "~", "not ") for kind in "ifb"),
    *((f"x {word} {literal}", "i") for word in BINARY[:9] for literal in ("2", "3", "8", "-1", "-3", "10")),
    *((f"x {word} {literal}", "f") for word in BINARY[:7] for literal in ("2", "0.5", "-1", "3.0", "-0.0")),
    *((f"{literal} {word} x", kind) for word in BINARY[:7] for literal in ("2", "-7", "0.5") for kind in "if"),
    ("x * x", "i"),
    ("x % y == 0", "ii"),
    ("3 * x + 1 < 0", "i"),
    ("-5 * x - 12", "i"),
    ("2147483648 * x + 2147483648", "i"),
    ("chosen(x, y)", "ii"),
    ("x - 9 if x < y else 7 * y + 3", "ii"),
    ("x < y < z", "iii"),
    ("x < y <= z", "fif"),
    ("min(x, y, z)", "iii"),
    ("max(x, y, z)", "fff"),
    # What is known of the operands leaves out checks.
    ("(x & 1023) // ((y & 15) + 1)", "ii"),
    ("(x & 1023) % ((y & 15) + 1)", "ii"),
    ("(x & 4095) / ((y & 15) + 1)", "ii"),
    *((f"{word}((x & 4095) / -8 + 3)", "i") for word in ("math.floor", "math.ceil", "math.trunc", "round", "int")),
    ("-(x & 3) * (y & 4095) - (x & y & 255)", "ii"),
    ("abs((x & 255) - 128) ** 2", "i"),
    ("counted(x)", "s"),
    ("asserted(x, y)", "ss"),
    # Complex numbers.
    *((f"(x {word} y).{part}", kinds) for word in "+-*/" for part in ("real", "imag") for kinds in ("cc", "cf", "fc")),
    *((f"(x ** {power}).{part}", "c") for power in (0, 1, 2, 3, 7, 100) for part in ("real", "imag")),
    *((f"(x ** y).{part}", kinds) for part in ("real", "imag") for kinds in ("cs", "ci")),
    *((text, "c") for text in ("abs(x)", "(-x).imag", "bool(x)", "(+x).real")),
    ("x == y", "cc"),
    ("x != y", "cc"),
    # Lists.
    *((f"[x, y, x][{index}]", kinds + "s") for index in ("z", "-1") for kinds in ("ii", "ff", "bb")),
    *((f"popped(x, y)[{index}]", kinds) for index in (0, 1, -2) for kinds in ("ii", "ff", "bb")),
    *(("len(filled(x, y))", kind + "s") for kind in "ifb"),
    *(("filled(x, 5)[y]", kind + "s") for kind in "ifb"),
    *((f"{name}[x]", "s") for name in ("ints", "bools")),
    *((f"{name}[x % 4]", "i") for name in ("ints", "bools")),
    ("floats[x % 3]", "i"),
    ("floats[x]", "s"),
    ("len(ints) + x", "i"),
    ("ord(word[x])", "s"),
    ("len([x] * y)", "is"),
    ("([x] * 3)[y]", "is"),
    ("([x, y] * z)[-1]", "iis"),
    ("len([x, 2] * y)", "is"),
    ("([x] + [y, z])[1]", "iii"),
    ("filled(x, 6)[y]", "is"),
    ("cut(x, y, z)", "iss"),
    ("len(ints.copy()) + x", "i"),
    ("sum(ints[k] for k in range(x))", "s"),
    ("sum(k * x for k in range(5))", "i"),
    ("sum(k * x for k in range(5))", "f"),
    ("len([k for k in range(x, y, 3)])", "ss"),
    ("len([k for k in range(x, y, z)])", "sss"),
    ("any(k == x for k in range(5))", "i"),
    ("all(k != x for k in range(5))", "i"),
    ("min(x * k for k in range(3))", "i"),
    ("max(x * k for k in range(3))", "f"),
    ("factorial(x)", "s"),
    ("math.log(x, y)", "ff"),
    *((f"math.modf(x)[{part}]", "f") for part in (0, 1)),
    *((f"math.frexp(x)[{part}]", "f") for part in (0, 1)),
    *((f"round(x, {digits})", kind) for digits in (0, 1, 2, 5, 15, 22) for kind in "fib"),
    ("round(x / 100, 2)", "i"),
    *((f"round(x, {digits})", "i") for digits in (-1, -2, -3, -17, -18, -19)),
    ("round(x * 5, y)", "ss"),
    *((f"x.{method}()", kind) for method in ("bit_length", "bit_count", "conjugate") for kind in "ib"),
    *((f"x.{method}()", "f") for method in ("is_integer", "conjugate")),
    ("x in (y, 3, z)", "ifb"),
    ("x in (y, 0.5)", "fi"),
    ("x not in {1, 2, 2.5}", "f"),
    ("round(x / 8 + y, 2)", "ss"),
    *((f"math.isclose(x, y, {words})", "ff") for words in ("rel_tol=0.5", "abs_tol=1e300", "rel_tol=0, abs_tol=1.5")),
    ("math.isclose(x, x + x * y * 1e-9)", "fs"),
    ("math.ldexp(x, y * 30)", "fs"),
    ("ord(chr(x))", "i"),
    ("max(*(x, y))", "ii"),
    *(("math.dist((x, y, x), (z, x, y))", kinds) for kinds in ("fff", "iii", "fif")),
    *(("math.dist([x, y], [z, 0.5])", kinds) for kinds in ("fff", "iii")),
    *(("math.dist(filled(x, 3), [y, y, x])", kinds) for kinds in ("ff", "ii")),
    *(("math.fsum([x, y, z, -x])", kinds) for kinds in ("fff", "iff")),
    *(("math.fsum((x, y, 1e16, 1.0, -1e16))", kinds) for kinds in ("ff", "bf")),
    ("math.fsum(x * k for k in range(20))", "f"),
    ("math.fsum(made(int, x, y))", "ff"),
    *(("math.prod((x, y, x))", kinds) for kinds in ("ff", "ii", "bb")),
    ("math.prod(x + k for k in range(y))", "ss"),
    ("math.prod([x * 0.25 for k in range(y)])", "fs"),
    ("math.gcd(x, y, 36)", "ii"),
    *((f"math.{name}()", "i") for name in ("gcd", "lcm", "hypot")),
    *((f"x.conjugate().{part}", "c") for part in ("real", "imag")),
    ("math.atan2(*(x, y))", "ff"),
]
FUNCTIONS: list[str] = []
_SHAPES = ["i", "f", "b", "ii", "ff", "if", "fi", "bf", "is", "ss", "fs", "iii", "fff"]
for owner, names in (("math.", sorted(vars(math))), ("", sorted(vars(builtins)))):
    for name in names:
        found = getattr(math if owner else builtins, name)
        is_error = isinstance(found, type) and issubclass(found, BaseException)
        # Not what `site` and consoles add, which is written in Python.
        if callable(found) and type(found).__module__ == "builtins" and not name.startswith("_") and not is_error:
            CASES += [(f"{owner}{name}({', '.join('xyz'[: len(kinds)])})", kinds) for kinds in _SHAPES]
            FUNCTIONS.append(f"{owner}{name}")


for name in sorted(vars(cmath)):
    of_floats = name in ("isfinite", "isinf", "isnan", "phase")
    parts = ["[0]", "[1]"] if name == "polar" else [""] if of_floats or name == "isclose" else [".real", ".imag"]
    if callable(getattr(cmath, name)) and not name.startswith("_"):
        shapes = ["c", "f", "i", "ff", "cc", "cf"]
        CASES += [(f"cmath.{name}({', '.join('xy'[: len(kinds)])}){part}", kinds) for part in parts for kinds in shapes]
        FUNCTIONS.append(f"cmath.{name}")
CASES += [
    ("cmath.isclose(x, y, rel_tol=0.5, abs_tol=1e-300)", "cc"),
    ("cmath.isclose(x, x * 1.0000001, rel_tol=1e-7)", "c"),
    ("cmath.infj.imag + cmath.pi", "i"),
    *(
        (f"cmath.{name}(complex(x / 16, y / 16)).{part}", "ss")
        for name in ("log", "atanh")
        for part in ("real", "imag")
    ),
]
if hasattr(math, "sumprod"):
    CASES += [
        *(("math.sumprod([x, y, -x], [z, x, z])", kinds) for kinds in ("fff", "iii")),
        ("math.sumprod([x, 2, 3], [y, 0.1, z])", "sff"),
        ("math.sumprod([x / 8, y / 8, 3.5], [0.1, 0.7, -z / 8])", "sss"),
    ]


def _by_subject() -> dict[str, list[tuple[str, str]]]:
    """Cases of one function, or of one expression, for all types of operands."""
    found: dict[str, list[tuple[str, str]]] = {}
    for text, kinds in CASES:
        called = text.partition("(")[0]
        found.setdefault(called if called in FUNCTIONS else text, []).append((text, kinds))
    return found


SUBJECTS = _by_subject()
_NOT_COMPILED = """
aiter anext ascii bin breakpoint bytearray bytes
callable chr classmethod compile complex delattr dict dir divmod enumerate eval exec filter format frozenset getattr
globals hasattr hash hex id input isinstance issubclass iter list locals map memoryview next object oct open print
property range repr reversed set setattr slice sorted staticmethod str super tuple type vars zip
"""
NOT_COMPILED = frozenset(_NOT_COMPILED.split())
"""Functions of which no case here is compiled. Whoever compiles one takes it out."""


def _names(kinds: str) -> dict[str, Any]:
    counts = dict.fromkeys(_SENTINELS, 0)
    names = module(LIBRARY.replace("nan", "float('nan')"))
    for name, kind in zip("xyz", kinds, strict=False):
        names[name] = _SENTINELS[kind][counts[kind]]
        counts[kind] += 1
    return names


def _kernel(text: str, kinds: str, cache: KernelCache) -> tuple[Kernel, dict[str, Any]] | None:
    names = _names(kinds)
    try:
        # MIN hands a single element over as a scalar; it gives up on nan.
        return compiled(f"({text} for i in source)", names, cache, Output.MIN), names
    except NotCompiled as refusal:
        assert "cannot be lowered" not in str(refusal), (text, kinds, str(refusal))
        return None


def _arguments(kernel: Kernel, names: dict[str, Any], operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The captured values with these operands in the places of the sentinels."""
    places: dict[tuple[type, Any], Any] = {}
    for name, operand in zip("xyz", operands, strict=False):
        if type(operand) is complex:
            places |= {(float, names[name].real): operand.real, (float, names[name].imag): operand.imag}
        else:
            places[type(names[name]), names[name]] = operand
    return tuple(
        value if isinstance(value, np.ndarray) else places.get((type(value), value), value) for value in kernel.captured
    )


@pytest.mark.parametrize("subject", SUBJECTS)
def test_against_cpython(subject: str, cache: KernelCache, request: pytest.FixtureRequest) -> None:
    count = request.config.getoption("--cases")
    compiled_cases = 0
    for text, kinds in SUBJECTS[subject]:
        found = _kernel(text, kinds, cache)
        if found is not None:
            compiled_cases += 1
            seed = f"{text} {kinds}" if count == USUAL_CASES else str(random.getrandbits(64))
            _hold_against_cpython(text, kinds, *found, count, seed)
    assert (compiled_cases == 0) == (subject in NOT_COMPILED), f"{compiled_cases} cases are compiled"


def _hold_against_cpython(text: str, kinds: str, kernel: Kernel, names: dict[str, Any], count: int, seed: str) -> None:
    code = compile(text, "<case>", "eval")
    draw = random.Random(seed)
    for _ in range(count):
        operands = tuple(KINDS[kind](draw) for kind in kinds)
        try:
            got = kernel.run(_arguments(kernel, names, operands), 0, 1, 1)
        except GaveUp:
            continue
        try:
            expected = eval(code, dict(names, **dict(zip("xyz", operands, strict=False))))
        except Exception as error:
            pytest.fail(f"{text} of {operands!r} raises {error!r}, the kernel says {got!r} (seed {seed!r})")
        assert bits(got) == bits(expected), (text, operands, seed)


def _called() -> dict[str, set[str]]:
    """Primitive -> what it calls, of those that are written in terms of others."""
    found: dict[str, set[str]] = {}
    for path in Path(checked_ints.__file__).parent.glob("checked_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                found[node.name] = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found


def test_no_primitive_is_forgotten() -> None:
    primitives = {**INT_PRIMITIVES, **FLOAT_PRIMITIVES, **COMPLEX_PRIMITIVES, **LIST_PRIMITIVES, **DIGIT_PRIMITIVES}
    used: set[str] = set()
    for text, kinds in CASES:
        # How a kernel hands out its elements is the same for all expressions of a type.
        for output in Output if text in ("x < y", "x + y", "-x") else (Output.TERMS,):
            try:
                source = generate(loop(f"({text} for i in source)", _names(kinds)), output).source
            except NotCompiled:
                continue
            used |= set(re.findall(r"\b(\w+)\(", source))
    # What only other primitives call is reached through them.
    called = _called()
    while more := set().union(*(called.get(name, set()) for name in used)) - used:
        used |= more
    elsewhere = {
        "found_none_int": "of what may be None: tests/compile/test_giving_up.py",
        "load_float": "of sums: tests/compile/test_ordered_sum.py",
        "must_reach": "of sources: tests/compile/test_sources.py",
        "must_be_same": "of sources: tests/compile/test_sources.py",
        "shl_bits": "of generators: tests/compile/test_random.py",
        "shr_bits": "of generators and dicts: tests/compile/test_random.py, tests/compile/test_dicts.py",
        "load_word": "of generators and dicts: tests/compile/test_random.py, tests/compile/test_dicts.py",
        "scaled_complex": "numpy's: tests/compile/test_numpy_complexes.py",
        "numpys_power_complex": "numpy's: tests/compile/test_numpy_complexes.py",
    }
    if not hasattr(math, "fma"):
        elsewhere["fma_float"] = "since 3.13"
    assert set(primitives) - used == set(elsewhere)
