"""The C library's mathematical functions under symbols of our own, the same code that CPython's math module calls."""

from __future__ import annotations

import ctypes

_ONE_ARGUMENT = """
acos acosh asin asinh atan atanh cbrt cos cosh erf erfc exp exp2 expm1 log log10 log1p log2 sin sinh tan tanh
"""
ONE_ARGUMENT = _ONE_ARGUMENT.split()
"""Functions of one float whose result in math is libm's whenever it is finite."""
TWO_ARGUMENTS = ("atan2", "fmod", "hypot", "nextafter", "pow", "remainder")

_PREFIX = "pyfora_libm_"
_bound = False


def symbol(name: str) -> str:
    """The name under which a kernel calls libm's function `name`."""
    return _PREFIX + name


def bind() -> frozenset[str]:
    """Give every function its symbol in this process (before a kernel is loaded); returns the names of the symbols.

    LLVM knows what `sin` or `pow` do and would evaluate or rewrite calls (pow(x, 2.0) to x * x has other bits);
    of `pyfora_libm_pow` it knows nothing.
    """
    global _bound
    names = [*ONE_ARGUMENT, *TWO_ARGUMENTS]
    if not _bound:
        import llvmlite.binding as llvm

        # What this process has loaded already: the very functions that the math module calls.
        process = ctypes.CDLL(None)
        for name in names:
            try:
                function = getattr(process, name)
            except AttributeError:
                function = getattr(ctypes.CDLL("libm.so.6"), name)
            llvm.add_symbol(symbol(name), ctypes.cast(function, ctypes.c_void_p).value)
        _bound = True
    return frozenset(map(symbol, names))
