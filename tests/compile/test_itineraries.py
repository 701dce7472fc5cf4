"""itertools, functools and operator in kernels: CPython's elements, or the kernel gives up."""

from __future__ import annotations

import functools
import itertools
import operator

import pytest

from pyfora.compile import KernelCache, NotCompiled
from tests.compile.loops import compiled, module, times_given_up

LIBRARY = """
one, xs, fs = [1], [3, -1, 4, 1, -5], [0.5, 0.1, 0.2, 1e16, -1e16]
def mixed(t, x): return (t * 31 + x) % 1000003
def chained(n):
    t = 0
    for x in itertools.chain(range(n), xs, [n, 7], range(n, 0, -2)):
        t = mixed(t, x)
    return t
def chained_while_it_grows(n):
    ys, zs, t = [n], [1, 2, 3], 0
    for x in itertools.chain(ys, zs):
        t = mixed(t, x)
        if len(ys) < 4:
            ys.append(x + 10)
        elif len(zs) < 5:
            zs.append(x + 20)
            ys.append(99)
    return t
def chained_empty(n): return sum(1 for _ in itertools.chain(range(0), range(n), range(0)))
def sliced(n): return sum(mixed(x, 5) for x in itertools.islice(xs, n)) * 10 + list(itertools.islice(range(9), n))[-1]
def sliced_0(n): return sum(x for x in itertools.islice(range(5, 50), n - 2))
def of_a_count(n):
    t = 0
    for i in itertools.count(n, 3):
        t = mixed(t, i)
        if i > 20: break
    return t
def zipped_count(n): return sum(i * x for i, x in zip(itertools.count(n), xs))
def backwards_count(n): return [i for i in itertools.islice(itertools.count(5, -n), 4)][-1]
def sliced_count(n): return sum(i for i in itertools.islice(itertools.count(), n))
def beyond_count(n): return sum(i % 7 for i in itertools.islice(itertools.count(9223372036854775805), n))
def neighbours(n):
    t = 0
    for a, b in itertools.pairwise(range(n)): t = mixed(t, a * b)
    for a, b in itertools.pairwise(xs): t = mixed(t, a - b)
    for a, b in itertools.pairwise([n]): t = 77
    return t
def neighbours_that_grow(n):
    ys, t = [n, 2], 0
    for a, b in itertools.pairwise(ys):
        t = mixed(t, a * b)
        if len(ys) < 6: ys.append(a + b)
    return t
def sums(n):
    t = 0
    for x in itertools.accumulate(xs): t = mixed(t, x)
    for x in itertools.accumulate(range(n), operator.mul): t = mixed(t, x)
    for x in itertools.accumulate(xs, lambda a, b: max(a, b) + n): t = mixed(t, x)
    for x in itertools.accumulate([n], func=operator.sub): t = mixed(t, x)
    return t
def sums_of_floats(n):
    t = 0.25
    for x in itertools.accumulate(fs): t = t * 0.5 + x
    return t
def products(n):
    t = 0
    for a, b in itertools.product(range(n), xs): t = mixed(t, a * 7 + b)
    for a, b, c in itertools.product(range(3), repeat=3): t = mixed(t, a * 9 + b * 3 + c)
    for a, b in itertools.product([n, 2], range(n)): t = mixed(t, a - b)
    return t
def product_of_what_changes(n):
    ys, t = [1, n], 0
    for a, b in itertools.product(ys, ys):
        ys.append(a)
        ys[0] = 50
        t = mixed(t, a * 3 + b)
    return t
def product_of_what_changes_first(n):
    ys, t = [1, n, 3], 0
    for a, b in itertools.product(ys, range(ys.pop())): t = mixed(t, a * 3 + b)
    for a, b in itertools.product(ys, [ys.pop(), n + 4]): t = mixed(t, a * 3 + b)
    return t
def no_product(n): return sum(1 for _ in itertools.product(range(n), range(0), range(n)))
def pairs(n):
    t = 0
    for a, b in itertools.combinations(range(n), 2): t = mixed(t, a * 3 + b)
    for a, b in itertools.combinations(xs, 2): t = mixed(t, a * 3 + b)
    return t
def repeated(n):
    t = 0
    for x in itertools.repeat(n + 1, n): t = mixed(t, x)
    for x, y in zip(itertools.repeat(n, 3), xs): t = mixed(t, x * y)
    return t
def beside_others(n):
    t = 0
    for i, (x, y) in enumerate(zip(itertools.chain(xs, range(n)), itertools.islice(range(100), n + 2))):
        t = mixed(t, i * x + y)
    return t
def longest(n):
    t = 0
    for a, b in itertools.zip_longest(range(n), xs, fillvalue=-9): t = mixed(t, a * 5 + b)
    for a, b, c in itertools.zip_longest(range(n), xs, [n]):
        t = mixed(t, (0 if a is None else a + 1) * 25 + (0 if b is None else b + 7) * 5 + (0 if c is None else c))
    return t + sum(1 for _ in itertools.zip_longest(range(0), one[n:], fillvalue=2))
def longest_that_grows(n):
    ys, zs, t = [n], [1, 2, 3], 0
    for y, z in itertools.zip_longest(ys, zs, fillvalue=5):
        t = mixed(t, y * 11 + z)
        if len(zs) < 6:
            zs.append(y)
        else:
            ys.append(7)
    return t
def slices(n):
    t = 0
    for x in itertools.islice(range(50), n, 3 * n, 2): t = mixed(t, x)
    for x in itertools.islice(xs, 1, None): t = mixed(t, x)
    for x in itertools.islice(xs, n, None, n + 1): t = mixed(t, x)
    for x in itertools.islice(xs, None): t = mixed(t, x)
    for x in itertools.islice(range(9), 5, 2): t = mixed(t, x)
    for x, y in zip(itertools.islice(xs, 2, None), itertools.islice(itertools.count(n), None, None, 3)):
        t = mixed(t, x * y)
    for x in itertools.islice(itertools.islice(range(90), 3, 60, 2), 2, 20, 3): t = mixed(t, x)
    return t
def slices_while_it_grows(n):
    ys, t = [n, 2, 3], 0
    for x in itertools.islice(ys, 1, n + 2):
        t = mixed(t, x)
        ys.append(x + 1)
        ys[0] = 5
    return t
def steps_of_none(n): return sum(itertools.islice(xs, 0, 4, n))
def taken(n):
    t = 0
    for x in itertools.takewhile(lambda x: x < n, range(20)): t = mixed(t, x)
    for x in itertools.dropwhile(lambda x: x > -n, xs): t = mixed(t, x)
    for i, x in enumerate(itertools.dropwhile(lambda x: x < n, [1, 5, 2, 7, 0])): t = mixed(t, i * x)
    for x in itertools.filterfalse(None, xs + [0, n]): t = mixed(t, x + 3)
    for x in itertools.filterfalse(lambda x: x % 2, range(n)): t = mixed(t, x)
    for x in itertools.compress(xs, [1, 0, n, 1]): t = mixed(t, x)
    for x in itertools.starmap(lambda a, b: a * 3 + b, zip(range(n), xs)): t = mixed(t, x)
    for x in itertools.starmap(max, itertools.pairwise(xs)): t = mixed(t, x)
    pairs = [x for x in xs for y in itertools.takewhile(lambda y: y < x, range(n))]
    return t + sum(itertools.takewhile(lambda x: x > 0, xs)) + len(pairs)
def taken_while_it_changes(n):
    ys, k, t = [1, 2, n, 9, 3], [4], 0
    for x in itertools.takewhile(lambda x: x < k[0], ys):
        t = mixed(t, x)
        k[0] = k[0] + n % 3
        if len(ys) < 8: ys.append(x)
    for x in itertools.dropwhile(lambda x: x < k[0], ys):
        t = mixed(t, x)
        k[0] = 100
    return t
def begun(n):
    t = 0
    for x in itertools.accumulate(xs, initial=n): t = mixed(t, x)
    for x in itertools.accumulate(range(n), lambda a, b: a * 2 + b, initial=1): t = mixed(t, x)
    for x in itertools.accumulate(range(n), None, initial=None): t = mixed(t, x)
    for x in itertools.accumulate(one[n:], initial=8): t = mixed(t, x)
    return t
def begun_while_it_grows(n):
    ys, t = [n], 0
    for x in itertools.accumulate(ys, initial=3):
        t = mixed(t, x)
        if len(ys) < 5: ys.append(x)
    return t
def within_others(n):
    t = 0
    for (a, b), c in zip(itertools.pairwise(xs), range(n)): t = mixed(t, a * b - c)
    for (a, b), c in zip(itertools.pairwise([n, 3, 4]), itertools.cycle([1, 2])): t = mixed(t, a * b - c)
    for i, (a, b) in enumerate(itertools.pairwise((n, 5, 6))): t = mixed(t, a * b - i)
    for a, b in itertools.chain(itertools.pairwise(range(n)), zip(xs, itertools.islice(xs, 1, None))):
        t = mixed(t, a - b)
    for (a, b), (c, d) in itertools.pairwise(itertools.pairwise(xs)): t = mixed(t, a * b - c * d)
    for a, b in zip(range(n), itertools.cycle(range(3))): t = mixed(t, a * b)
    return t
def cycled_none(n): return sum(1 for _ in itertools.cycle(range(0)))
def reduced(n):
    a = functools.reduce(lambda t, x: t * 3 + x, xs, n)
    b = functools.reduce(operator.add, xs)
    c = functools.reduce(mixed, range(n + 1), 5)
    d = functools.reduce(max, [n, 2])
    return a + b * 1000 + c + d
def reduced_none(n): return functools.reduce(operator.add, xs[:n - 1])
def reduced_while_it_shrinks(n):
    ys = [n, 2, 3, 4, 5]
    def take(t, x):
        ys.pop()
        return t * 10 + x
    return functools.reduce(take, ys)
def operators(n):
    a = operator.lt(n, 3) + operator.ge(n, 2) * 2 + operator.eq(n, 4) * 4 + operator.ne(n, 4) * 8
    return a * 100 + operator.pow(n, 3) + operator.xor(n, 5)
def by_default(n):
    a = min((x for x in xs if x > n), default=-7)
    b = max([x for x in xs if x < n - 9], default=5)
    c = max((x for x in xs if x > n + 1), default=None)
    d = min(xs[n:], default=3)
    return a * 100 + b * 10 + (0 if c is None else c + 1) + d
def starred(n):
    t = (n, 2, 3)
    return mixed(*t[:0]) if n > 99 else three(*t) + max(*t) + three(1, *(n, 5)) + mixed(*pair)
pair = (8, 9)
def three(a, b, c=7): return a * 100 + b * 10 + c
"""
NAMES = [line.split()[1].partition("(")[0] for line in LIBRARY.splitlines() if line.startswith("def ")]
HELPERS = {"mixed", "three"}
GIVES_UP = {"beyond_count": 6, "steps_of_none": 1, "reduced_none": 2, "sliced": 1, "sliced_0": 2}
"""How often at most, of the indices 0 to 9: where CPython raises, or computes beyond 64 bits."""


@pytest.mark.parametrize("name", [name for name in NAMES if name not in HELPERS])
def test_against_cpython(name: str, cache: KernelCache) -> None:
    text = LIBRARY.replace("mixed(*t[:0]) if n > 99 else ", "")
    names = module(text, itertools=itertools, functools=functools, operator=operator)
    indices = range(1, 9) if name == "sliced" else range(10)
    if name in ("sliced_0", "reduced_none"):
        indices = range(2, 10)
    assert times_given_up(name, names, cache, indices) <= GIVES_UP.get(name, 0)


def test_where_cpython_raises_the_kernel_gives_up(cache: KernelCache) -> None:
    names = module(LIBRARY, itertools=itertools, functools=functools, operator=operator)
    assert times_given_up("sliced_0", names, cache, range(2)) == 2
    assert times_given_up("reduced_none", names, cache, range(1, 2)) == 1


HELPERS_OF_REFUSED = """
def f(x): return x + 1
def later(n):
    k, t = 1, n
    for x in itertools.accumulate([1, 2, 3], lambda a, b: a * k + b):
        k += 1
        t = t * 100 + x
    return t
def meanwhile(n):
    ys = [n, 2]
    return sum(1 for _ in zip(itertools.pairwise(ys), [n]))
def in_steps(n):
    ys = [n, 2]
    return sum(1 for _ in itertools.islice(ys, 0, 2, 2))
def cycled(n):
    ys = [n, 2]
    return sum(1 for _, _ in zip(itertools.cycle(ys), [n]))
def with_else(n):
    for x in itertools.takewhile(f, [n]):
        pass
    else:
        return 1
    return 2
"""
REFUSED = [
    *("sum(x for x in itertools.chain(range(i), [0.5]))", "sum(x for x in itertools.islice(map(f, range(9)), i))"),
    *("sum(a for a, b, c in itertools.combinations(range(i), 3))", "max([i], default=0.5)", "max([i], default=i)"),
    *("sum(1 for _ in itertools.zip_longest([1], [2, i], fillvalue=0.5))", "f(*[i])"),
    *("sum(x for x in itertools.accumulate([i], initial=0.5))", "sum(x for x in itertools.islice(range(9), 0.5))"),
    *("sum(1 for _ in itertools.groupby([i]))", "meanwhile(i)", "in_steps(i)", "cycled(i)", "with_else(i)"),
    *("sum(a for a, b in zip(itertools.takewhile(f, [i]), [1]))", "sum(itertools.starmap(f, [i]))"),
    *("sum(itertools.compress([i]))", "sum(itertools.islice([i], 1, 2, 3, 4))", "sum(itertools.takewhile(f, *[[i]]))"),
    *(["len(list(itertools.batched([i], 2)))"] if hasattr(itertools, "batched") else []),
    "later(i)",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str, cache: KernelCache) -> None:
    names = module(HELPERS_OF_REFUSED, itertools=itertools)
    with pytest.raises(NotCompiled) as refused:
        compiled(f"({text} for i in source)", names, cache)
    assert "cannot be lowered" not in str(refused.value)


@pytest.mark.parametrize(
    "over",
    [
        "zip(itertools.accumulate([4, 2, i], push), [1, 2])",
        "zip(enumerate(itertools.accumulate([4, 2, i], push)), [1, 2])",
        "zip(itertools.islice(itertools.accumulate([4, 2, i], push), 3), [1, 2])",
        "zip(itertools.chain(itertools.accumulate([4, 2, i], push), [1]), [1, 2])",
        "itertools.compress(itertools.accumulate([4, 2, i], push), [1, 1])",
        "map(max, itertools.accumulate([4, 2, i], push), [1, 2])",
    ],
)
def test_what_calls_for_its_elements_is_not_gone_through_before_others(over: str, cache: KernelCache) -> None:
    """Python asks it for one more before it sees that the others have ended."""
    text = f"""
    import itertools

    def push(t, x):
        return t // x

    def f(i):
        turns = 0
        for _ in {over}:
            turns += 1
        return turns
    """
    with pytest.raises(NotCompiled, match="accumulate by a function, with others after it"):
        compiled("(f(i) for i in source)", module(text), cache)


def test_what_calls_for_its_elements_may_be_the_last(cache: KernelCache) -> None:
    text = """
    import itertools

    def f(i):
        return sum(a * b for a, b in zip([1, 2], itertools.accumulate([4, 2, i], lambda t, x: t // x)))
    """
    assert times_given_up("f", module(text), cache, range(5)) == 0
