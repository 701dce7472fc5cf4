"""This room knows how one loop over a range becomes machine code that is exactly Python.

It does inference of types, generation of checked source, compiling, caching and loading of kernels.
It must never yield a value or a type that CPython would not, nor import LLVM before a kernel is asked for.
"""

from pyfora.compile.cache import KernelCache
from pyfora.compile.generated import analyse
from pyfora.compile.giving_up import check_at
from pyfora.compile.kernel import Kernel, compile_loop, load_kernel
from pyfora.compile.loop import Element, FunctionSource, Loop, Output
from pyfora.compile.ordered_sum import finish_float_sum, fold_float_terms
from pyfora.compile.refusal import GaveUp, NotCompiled
from pyfora.compile.scope import Captured
from pyfora.compile.sites import Site
from pyfora.compile.warm import warm

__all__ = [
    "Captured",
    "Element",
    "FunctionSource",
    "GaveUp",
    "Kernel",
    "KernelCache",
    "Loop",
    "NotCompiled",
    "Output",
    "Site",
    "analyse",
    "check_at",
    "compile_loop",
    "finish_float_sum",
    "fold_float_terms",
    "load_kernel",
    "warm",
]
