"""Generated source -> object code -> the address of its function."""

from __future__ import annotations

import re
import struct
from typing import Any

ENTRY_SYMBOL = "pyfora_kernel"


def compile_source(source: str, entry: str, signature: tuple[str, ...]) -> bytes:
    """Compile the function `entry` of a generated module into object code (ELF) that needs nothing but libm.

    `signature` names the types of its arguments; it returns an int64. Raises what numba raises: a module of ours
    that numba does not compile is a fault of the compiler, not of the user.
    """
    from numba.core import compiler as numba_compiler
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    from pyfora.compile.checked_complex import COMPLEX_PRIMITIVES
    from pyfora.compile.checked_dicts import DICT_PRIMITIVES
    from pyfora.compile.checked_floats import FLOAT_PRIMITIVES
    from pyfora.compile.checked_ints import INT_PRIMITIVES
    from pyfora.compile.checked_lists import LIST_PRIMITIVES
    from pyfora.compile.checked_random import RANDOM_PRIMITIVES
    from pyfora.compile.checked_sequences import SEQUENCE_PRIMITIVES
    from pyfora.compile.primitives import TYPES, recursive, routine
    from pyfora.compile.target import target_context

    namespace: dict[str, Any] = {
        **INT_PRIMITIVES,
        **FLOAT_PRIMITIVES,
        **COMPLEX_PRIMITIVES,
        **LIST_PRIMITIVES,
        **SEQUENCE_PRIMITIVES,
        **DICT_PRIMITIVES,
        **RANDOM_PRIMITIVES,
        "routine": routine,
        "recursive": recursive,
        "inf": float("inf"),
        "nan": float("nan"),
        "__name__": "pyfora_generated",
    }
    exec(compile(source, "<kernel>", "exec"), namespace)  # (our own text)
    compiler: Any = numba_compiler  # (numba says nothing of its types)
    flags = compiler.Flags()
    flags.no_compile = True
    flags.no_cpython_wrapper = True
    flags.no_cfunc_wrapper = True
    flags.error_model = "python"
    target = target_context()
    with global_compiler_lock:
        compiled = compiler.compile_extra(
            cpu_target.typing_context,
            target,
            namespace[entry],
            tuple(TYPES[name] for name in signature),
            TYPES["int64"],
            flags,
            {},
        )
        compiled.library.finalize()
        module = compiled.library._final_module
        return _object_code(target, str(module), compiled.fndesc.llvm_func_name)


def _object_code(target: Any, text: str, entry: str) -> bytes:
    """Machine code with one exported symbol that is always called the same, so that equal kernels are equal bytes."""
    import llvmlite.binding as llvm

    from pyfora.compile.primitives import recursive_symbols

    for own_symbol, resolved in recursive_symbols.items():
        declaration = rf"^declare .*@{own_symbol}\(.*\n"
        if re.search(declaration, text, re.MULTILINE):
            text = re.sub(declaration, "", text, flags=re.MULTILINE)
            text = re.sub(rf"@{own_symbol}\b", f"@{resolved}", text)
    recursive_symbols.clear()
    module = llvm.parse_assembly(text)
    environments = 0
    for variable in module.global_variables:
        if variable.name.startswith("_ZN08NumbaEnv"):
            variable.name = f"pyfora_environment_{environments}"
            environments += 1
    functions = 0
    for function in module.functions:
        if function.name == entry:
            function.name = ENTRY_SYMBOL
        elif not function.is_declaration:
            function.name = f"pyfora_function_{functions}"
            functions += 1
    module.name = ENTRY_SYMBOL
    return bytes(target.codegen()._tm.emit_object(module))


class LoadedCode:
    """Object code in this process; the machine code lives as long as this object."""

    def __init__(self, object_code: bytes) -> None:
        import llvmlite.binding as llvm

        from pyfora.compile.libm import bind

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        known = bind()
        for name in undefined_symbols(object_code):
            # MCJIT ends the whole process on a symbol that it does not find.
            if name not in known and not llvm.address_of_symbol(name):
                raise ValueError(f"the object code needs {name!r}, which this process does not have")
        machine = llvm.Target.from_default_triple().create_target_machine(opt=3, jit=True, codemodel="jitdefault")
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(object_code))
        self._engine.finalize_object()
        self.address: int = self._engine.get_function_address(ENTRY_SYMBOL)
        if not self.address:
            raise ValueError("the object code has no kernel in it")


def undefined_symbols(object_code: bytes) -> list[str]:
    """The symbols that an ELF object for a 64-bit little-endian machine needs from elsewhere. Raises ValueError."""
    if object_code[:6] != b"\x7fELF\x02\x01":
        raise ValueError("the object code is no 64-bit little-endian ELF file")
    try:
        (section_offset,) = struct.unpack_from("<Q", object_code, 40)
        entry_bytes, count = struct.unpack_from("<HH", object_code, 58)
        sections = [
            struct.unpack_from("<IIQQQQIIQQ", object_code, section_offset + index * entry_bytes)
            for index in range(count)
        ]
        names: list[str] = []
        for section in sections:
            if section[1] != 2:  # SHT_SYMTAB
                continue
            strings = sections[section[6]][4]
            for offset in range(section[4], section[4] + section[5], 24):
                name, _info, _other, owner = struct.unpack_from("<IBBH", object_code, offset)
                if owner == 0 and name:
                    start = strings + name
                    names.append(object_code[start : object_code.index(b"\0", start)].decode())
        return names
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError(f"the object code is damaged: {error}") from error
