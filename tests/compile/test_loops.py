"""Whole loops against CPython: functions, branches, nested clauses, filters, recursion, every output."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyfora.compile import GaveUp, KernelCache, NotCompiled, Output, analyse
from tests.compile.loops import bits, compiled, loop, module, run_terms, same

LIBRARY = '''
LIMIT = 7
SCALE = 0.25
FLAG = True

def isPrime(p):
    """Naive."""
    if p < 2:
        return False
    x = 2
    while x * x <= p:
        if p % x == 0:
            return False
        x += 1
    return True

def collatz(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps

def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)

def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a

def integral(n, width=0.5, *, offset=1):
    total = 0.0
    for i in range(n):
        x = i * width + offset
        total += x * x
    return total

def search(n):
    for i in range(2, n):
        if n % i == 0:
            found = i
            break
    else:
        found = n
    return found

def skip(n):
    total = 0
    for i in range(n, -n, -3):
        if i % 2:
            continue
        total -= i
    return total

def mandelbrot(i):
    x0, y0 = i / 100.0 - 2.0, 0.3
    x = y = 0.0
    n = 0
    while x * x + y * y <= 4.0 and n < 50:
        x, y = x * x - y * y + x0, 2.0 * x * y + y0
        n += 1
    return n

def retyped(n):
    x = n
    x = x / 4
    if x > 2:
        y = 1
        y = y + 0.5
    else:
        y = 2.0
    return x + y

def forever(n):
    while True:
        n -= 3
        if n < 0:
            return -n

def careful(n):
    assert n != 5
    if n == 6:
        raise ValueError(n)
    return 10 // (n - 7)

def limited(n):
    return min(n, LIMIT) * SCALE if FLAG else 0.0

def composed(n):
    return limited(n) + limited(n + 1)

def depth(n):
    return 0 if n <= 0 else 1 + depth(n - 1)

def deep(n):
    if n <= 0:
        return 0
    return 1 + deep(n - 1)

def shadow(start, step, count, buffer, total, add_int):
    k = start + step
    best = k * count
    return best + buffer - total + add_int

def divisors(n):
    return sum(1 for d in range(1, n + 1) if n % d == 0)

def prime_by_all(n):
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))

def pairs(n):
    return any(a * b == n for a in range(2, n) for b in range(a, n))

def harmonic(n):
    return sum(1.0 / (k + 1) for k in range(n))

def extreme(n):
    return max((k * 7919) % 101 for k in range(n + 1)) - min([k * 3 - n for k in range(n + 1)])

def floats(n):
    return min(math.sin(k) for k in range(n))

twice = lambda x: x + x

def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)
'''

LOOPS = [
    "(math.sin(i) for i in source)",
    "(i for i in source)",
    "(i / 7 for i in source)",
    "(i % 3 == 0 for i in source)",
    "(i * i - 3 * i for i in source if i % 3)",
    "(i for i in source if i % 2 if i % 3 == 1)",
    "(i * j for i in source for j in range(i % 5))",
    "(i + j * k for i in source if i > 2 for j in range(1, i % 7, 2) if j != 3 for k in range(3, 0, -1))",
    "[isPrime(i) for i in source if i % 3]",
    "(isPrime(i) and i % 4 == 1 for i in source)",
    "(i if isPrime(i) else -i for i in source)",
    "(collatz(i) for i in source)",
    "(fib(i % 15) for i in source)",
    "(fibonacci(i) for i in source)",
    "(integral(i) for i in source)",
    "(integral(i, 0.1) for i in source)",
    "(integral(i, offset=2, width=1.5) for i in source)",
    "(search(i) for i in source)",
    "(skip(i) for i in source)",
    "(mandelbrot(i) for i in source)",
    "(retyped(i) for i in source)",
    "(forever(i) for i in source)",
    "(careful(i) for i in source)",
    "(limited(i) for i in source)",
    "(composed(i) + LIMIT for i in source)",
    "(deep(i) for i in source)",
    "(depth(i) for i in source)",
    "(shadow(i, 2, 3, 4, 5, 6) for i in source)",
    "(twice(i) + twice(0.5) for i in source)",
    "(divisors(i) for i in source)",
    "(prime_by_all(i) for i in source)",
    "(pairs(i) for i in source)",
    "(harmonic(i) for i in source)",
    "(extreme(i) for i in source)",
    "(floats(i) for i in source)",
    "(sum(j * 0.1 for j in range(i)) for i in source)",
    "(len([j for j in range(i) if j % 3 == i % 3]) for i in source)",
    "(math.sqrt(i) ** 3 // 1.5 % 4 for i in source)",
    "(1 < i <= 30 != i + 2 for i in source)",
    "(-i if FLAG else i for i in source)",
    "(float(i) or 2.5 for i in source)",
    "(math.pi * i + math.e for i in source)",
    "(i << 3 | i & 5 ^ i >> 1 for i in source)",
    "{i // 3 for i in source}",
    "(-0.0 if i % 2 else 0.0 for i in source)",
    "((0.0 if i % 3 else -0.0) * i for i in source)",
    "(math.inf if i else -math.inf for i in source)",
    "(factorial(i % 20) for i in source)",
    "(i - 9223372036854775807 for i in source if i >= -1)",
    "(i * -9223372036854775808 for i in source if i == 1 or i == 0 or i > 2**62 or i % 2 == 0)",
]
SOURCES = [range(40), range(-12, 13), range(50, -20, -7), range(0)]


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    return module(LIBRARY)


@pytest.mark.parametrize("text", LOOPS)
def test_a_loop_is_what_cpython_makes_of_it(text: str, names: dict[str, Any], cache: KernelCache) -> None:
    kernel = compiled(text, names, cache)
    assert analyse(loop(text, names)) == kernel.element
    scope = dict(names)
    listed = f"[{text.strip()[1:-1]}]"
    agreed = 0
    for source in SOURCES:
        for part in [source, *(source[n : n + 1] for n in range(len(source)))]:
            try:
                got = run_terms(kernel, part, room=4096)
            except GaveUp:
                continue
            agreed += len(part)
            assert same(got, eval(listed, scope, {"source": part})), part
    assert agreed >= 12, "the kernel gave up on nearly everything"


def test_a_kernel_gives_up_exactly_where_python_raises(names: dict[str, Any], cache: KernelCache) -> None:
    kernel = compiled("(careful(i) for i in source)", names, cache)
    gave_up = []
    for i in range(12):
        try:
            run_terms(kernel, range(i, i + 1))
        except GaveUp:
            gave_up.append(i)
    assert gave_up == [5, 6, 7]
    with pytest.raises(GaveUp):
        run_terms(kernel, range(12))


def test_recursion_ends_before_pythons_does(names: dict[str, Any], cache: KernelCache) -> None:
    kernel = compiled("(deep(i) for i in source)", names, cache)
    assert run_terms(kernel, range(150, 151)) == [150]
    with pytest.raises(GaveUp):
        run_terms(kernel, range(1000, 1001))


OUTPUTS = {
    Output.TOTAL: sum,
    Output.ANY: any,
    Output.ALL: all,
    Output.MIN: lambda values: min(values, default=None),
    Output.MAX: lambda values: max(values, default=None),
    Output.COUNT: lambda values: len(list(values)),
}


@pytest.mark.parametrize("output", list(OUTPUTS))
@pytest.mark.parametrize(
    "text",
    [
        "(i * i - 20 * i for i in source)",
        "(isPrime(i) for i in source if i > 3)",
        "((i * 7) % 5 - j for i in source for j in range(2))",
        "(i % 3 for i in source)",
        "(i * 0.5 - 3 for i in source)",
        "(0.0 * (5 - i) for i in source)",
        "(True for i in source)",
    ],
)
def test_outputs(text: str, output: Output, names: dict[str, Any], cache: KernelCache) -> None:
    if output is Output.TOTAL and analyse(loop(text, names)) == "float":
        with pytest.raises(NotCompiled, match="in order"):
            compiled(text, names, cache, output)
        return
    kernel = compiled(text, names, cache, output)
    for source in [*SOURCES, range(4, 5), range(6, 8), range(1, 3)]:
        expected = OUTPUTS[output](eval(text, dict(names), {"source": source}))
        got = kernel.run(kernel.captured, source.start, source.step, len(source))
        assert bits(got) == bits(expected), source


def test_any_and_all_stop_before_an_element_that_would_raise(names: dict[str, Any], cache: KernelCache) -> None:
    kernel = compiled("(10 // (i - 5) == -5 for i in source)", names, cache, Output.ANY)
    assert kernel.run((), 0, 1, 10) is True
    with pytest.raises(GaveUp):
        kernel.run((), 4, 1, 10)
    kernel = compiled("(10 // (i - 5) != -5 for i in source)", names, cache, Output.ALL)
    assert kernel.run((), 0, 1, 10) is False


def test_a_total_has_128_bits(cache: KernelCache) -> None:
    big = 2**62
    kernel = compiled("(x + i for i in source)", {"x": big}, cache, Output.TOTAL)
    assert kernel.run((big,), 0, 1, 1000) == sum(big + i for i in range(1000))
    assert kernel.run((-big,), 0, 1, 1000) == sum(-big + i for i in range(1000))
    with pytest.raises(GaveUp):
        kernel.run((2**63 - 1,), 0, 1, 2)


def test_one_kernel_serves_many_captured_values(cache: KernelCache) -> None:
    first = compiled("(x * i + y for i in source if flag)", {"x": 2, "y": 0.5, "flag": True}, cache)
    second = compiled("(x * i + y for i in source if flag)", {"x": -9, "y": 1e9, "flag": False}, cache)
    assert first.object_code == second.object_code
    assert (sorted(map(str, first.captured)), sorted(map(str, second.captured))) == (
        ["0.5", "2", "True"],
        ["-9", "1000000000.0", "False"],
    )
    assert run_terms(first, range(3)) == [0.5, 2.5, 4.5]
    assert run_terms(second, range(3)) == []


def test_captured_values_of_other_types_are_refused_at_the_call(cache: KernelCache) -> None:
    kernel = compiled("(x + i for i in source)", {"x": 2}, cache)
    for wrong in [(2.0,), (True,), (2**63,), (), (1, 2)]:
        with pytest.raises(TypeError):
            kernel.run(wrong, 0, 1, 1, np.empty(1, "int64"))


def test_indices_at_the_edges_of_64_bits(cache: KernelCache) -> None:
    kernel = compiled("(i - 1 for i in source)", {}, cache)
    top = 2**63
    assert run_terms(kernel, range(top - 3, top)) == [top - 4, top - 3, top - 2]
    assert run_terms(kernel, range(1 - top, 3 - top)) == [-top, 1 - top]
    # More than 64 bits between the first index and the last.
    assert run_terms(kernel, range(2 - top, top, top - 2)) == [i - 1 for i in range(2 - top, top, top - 2)]
    assert run_terms(kernel, range(5, 6, 10**30)) == [4]
    for source in (range(top - 2, top + 1), range(-top, 0, top // 2), range(-top - 1, 0, top)):
        with pytest.raises(GaveUp):
            run_terms(kernel, source)


def test_inner_ranges_at_the_edges(cache: KernelCache) -> None:
    text = "(len([j for j in range(a, b, c)]) for i in source)"
    names = {"a": 0, "b": 0, "c": 1}
    kernel = compiled(text, names, cache)
    edges = [-(2**63), -(2**63) + 1, -1, 0, 1, 2**63 - 1]
    order = [0, 1, 2]
    for bounds in itertools.product(edges, edges, [-(2**63), -(2**62), 2**62, 2**63 - 1, 0]):
        try:
            buffer = np.empty(1, "int64")
            kernel.run(tuple(bounds[place] for place in order), 0, 1, 1, buffer)
        except GaveUp:
            continue
        assert int(buffer[0]) == len(range(*bounds)), bounds


def test_terms_that_do_not_fit(names: dict[str, Any], cache: KernelCache) -> None:
    kernel = compiled("(j for i in source for j in range(3))", names, cache)
    assert run_terms(kernel, range(2), room=6) == [0, 1, 2, 0, 1, 2]
    with pytest.raises(GaveUp):
        run_terms(kernel, range(2), room=5)
    plain = compiled("(i for i in source)", names, cache)
    with pytest.raises(ValueError, match="holds 5 terms"):
        run_terms(plain, range(6), room=5)
    with pytest.raises(TypeError):
        plain.run((), 0, 1, 1, np.empty(1, "float64"))
    with pytest.raises(TypeError):
        plain.run((), 0, 1, 1, np.empty(4, "int64")[::2])


def test_functions_are_known_by_identity_not_by_name(cache: KernelCache) -> None:
    text = "(abs(i) + sin(i) for i in source)"
    names = module("def abs(x):\n    return x * 2\n\ndef sin(x):\n    return x + 1\n")
    assert run_terms(compiled(text, names, cache), range(3)) == [1, 4, 7]
    assert run_terms(compiled("(f(i) for i in source)", {"f": math.floor}, cache), range(3)) == [0, 1, 2]


def test_equal_code_with_other_globals_is_another_kernel(cache: KernelCache) -> None:
    first = module("def g(x):\n    return x + 1\n\ndef f(x):\n    return g(x)\n")
    second = module("def g(x):\n    return x - 1\n\ndef f(x):\n    return g(x)\n")
    assert run_terms(compiled("(f(i) for i in source)", first, cache), range(2)) == [1, 2]
    assert run_terms(compiled("(f(i) for i in source)", second, cache), range(2)) == [-1, 0]


def test_an_unused_value_still_raises(cache: KernelCache) -> None:
    names = module("def f(n):\n    unused = 1 // n\n    math.sqrt(n)\n    return n\n")
    kernel = compiled("(f(i) for i in source)", names, cache)
    assert run_terms(kernel, range(1, 3)) == [1, 2]
    for index in (0, -4):
        with pytest.raises(GaveUp):
            run_terms(kernel, range(index, index + 1))


def test_a_count_evaluates_every_element(cache: KernelCache) -> None:
    kernel = compiled("(1 // i for i in source)", {}, cache, Output.COUNT)
    assert kernel.run((), 1, 1, 9) == 9
    with pytest.raises(GaveUp):
        kernel.run((), -3, 1, 9)


def test_no_variable_can_take_the_name_of_a_primitive() -> None:
    from pyfora.compile.machine_code import _primitives
    from pyfora.compile.own_names import OWN_NAMES

    assert not {*_primitives()} - OWN_NAMES


def test_warm_starts_no_thread_and_children_compile(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys, threading\n"
        "from pyfora.compile import KernelCache, Output, warm\n"
        "warm()\n"
        "assert threading.active_count() == 1 and len(os.listdir('/proc/self/task')) == 1\n"
        "from tests.compile.loops import compiled\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    cache = KernelCache(pathlib.Path(sys.argv[1]), 10**6)\n"
        "    kernel = compiled('(i * i for i in source)', {}, cache, Output.TOTAL)\n"
        "    os._exit(0 if kernel.run((), 0, 1, 10) == 285 else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    # numpy's linear algebra would start a thread for every core as it is imported.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
