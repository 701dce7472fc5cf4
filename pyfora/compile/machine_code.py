"""Generated source -> object code -> the address of its function."""

from __future__ import annotations

import ast
import functools
import struct
from functools import partial
from typing import Any

ENTRY_SYMBOL = "pyfora_kernel"


def compile_source(source: str, entry: str, signature: tuple[str, ...]) -> bytes:
    """Compile the function `entry` of a generated module into object code (ELF) that needs nothing but libm.

    `signature` names the types of its arguments; it returns an int64. Raises TypeError for a module that is not to be
    compiled: a fault of the compiler, not of the user.
    """
    from llvmlite import ir

    from pyfora.compile.lowering import Module
    from pyfora.compile.primitives import Routine, Signature, type_of
    from pyfora.compile.sites import numbers_of_calls
    from pyfora.compile.target import object_code

    names: dict[str, Any] = {**_primitives(), "inf": float("inf"), "nan": float("nan")}
    module = ir.Module(name=ENTRY_SYMBOL)
    lowered = Module(module)
    calls = numbers_of_calls(source)
    for node in ast.parse(source).body:
        assert isinstance(node, ast.FunctionDef)
        found, is_the_users = Signature(type_of("int64"), tuple(map(type_of, signature))), True
        for decorator in node.decorator_list:
            assert isinstance(decorator, ast.Call) and isinstance(decorator.args[0], ast.Constant)
            found = Signature.of(str(decorator.args[0].value))
            is_the_users = isinstance(decorator.func, ast.Name) and decorator.func.id == "routine"
        calls_itself = any(isinstance(one, ast.Name) and one.id == node.name for one in ast.walk(node))
        names[node.name] = Routine(
            *(found, node.name, partial(_same, node), partial(_same, names), calls_itself),
            calls if is_the_users else {},
        )
    lowered.entry(names[entry], ENTRY_SYMBOL)
    return object_code(str(module))


def _same(value: Any) -> Any:
    return value


@functools.cache
def _primitives() -> dict[str, Any]:
    from pyfora.compile.checked_arrays import ARRAY_PRIMITIVES
    from pyfora.compile.checked_complex import COMPLEX_PRIMITIVES
    from pyfora.compile.checked_dicts import DICT_PRIMITIVES
    from pyfora.compile.checked_digits import DIGIT_PRIMITIVES
    from pyfora.compile.checked_floats import FLOAT_PRIMITIVES
    from pyfora.compile.checked_ints import INT_PRIMITIVES
    from pyfora.compile.checked_lists import LIST_PRIMITIVES
    from pyfora.compile.checked_random import RANDOM_PRIMITIVES
    from pyfora.compile.checked_sequences import SEQUENCE_PRIMITIVES

    return {
        **INT_PRIMITIVES,
        **FLOAT_PRIMITIVES,
        **COMPLEX_PRIMITIVES,
        **DIGIT_PRIMITIVES,
        **LIST_PRIMITIVES,
        **SEQUENCE_PRIMITIVES,
        **DICT_PRIMITIVES,
        **RANDOM_PRIMITIVES,
        **ARRAY_PRIMITIVES,
    }


class LoadedCode:
    """Object code in this process; the machine code lives as long as this object."""

    def __init__(self, object_code: bytes) -> None:
        import llvmlite.binding as llvm

        from pyfora.compile.libm import bind

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        known = bind()
        # LLVM looks through this process's symbols (`memset`) once it is told to; its first engine does so too late.
        llvm.load_library_permanently("")
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
