"""What a fork server does once, so that its children compile and load at once."""

from __future__ import annotations


def warm() -> None:
    """Import LLVM and numpy, compile a small kernel, load the folders of float terms.

    It starts no thread of its own; numpy's OpenBLAS does when it is imported, unless `OPENBLAS_NUM_THREADS` is 1 in
    the environment: a server that forks sees to that.
    """
    from pyfora.compile.kernel import made_for
    from pyfora.compile.machine_code import LoadedCode, compile_source
    from pyfora.compile.ordered_sum import START, fold_float_terms

    source = (
        '@routine("float64(int64)")\ndef f(n):\n    total = 0.0\n    while n > 0 and mod_int(n, 7) != 3:\n'
        "        total = div_float(total + float_from_int(mul_int(n, n)), 3.0)\n        n = sub_int(n, 1)\n"
        "    return sin_float(total)\n\n"
        "def kernel(start, step, count, buffer, capacity):\n    written = 0\n    for k in range(count):\n"
        "        i = start + k * step\n        if mod_int(i, 3) == 1:\n            put_float(buffer, written, f(i))\n"
        "            written = written + 1\n    return written\n"
    )
    LoadedCode(compile_source(source, "kernel", ("int64", "int64", "int64", "float64*", "int64")))
    import numpy as np

    made_for()
    for state in (START, START[:1]):
        fold_float_terms(np.zeros(1), 1, state)
