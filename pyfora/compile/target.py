"""The compilation target: this machine's processor, machine code as bytes instead of code placed in this process."""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.binding as llvm
from numba.core import codegen
from numba.core.registry import cpu_target


def processor() -> tuple[str, str]:
    """The name and the feature string of this machine's processor, as LLVM knows them."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


class _ObjectCodegen(codegen.AOTCPUCodegen):
    """numba's ahead-of-time code generator, which leaves execution engines alone, for the processor that it runs on."""

    def _customize_tm_options(self, options: dict[str, Any]) -> None:
        options["cpu"], options["features"] = processor()
        options["reloc"] = "default"
        options["codemodel"] = "jitdefault"
        options["jit"] = True

    def _customize_tm_features(self) -> str:
        return processor()[1]


@functools.cache
def target_context() -> Any:
    """numba's target context with our code generator."""
    context = cpu_target.target_context
    make: Any = _ObjectCodegen  # (numba says nothing of its types)
    return context.subtarget(_internal_codegen=make("pyfora"), aot_mode=True, cached_internal_func={})
