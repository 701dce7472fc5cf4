"""A program on a worker: loaded, and run to its end."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CellType, FunctionType
from typing import Any

from pyfora.errors import InvalidPyforaOperation, UnconvertibleValueError, WireError
from pyfora.language.bindings import Bindings
from pyfora.language.body import CELLS, NAMES, BlockFunction, cell_noter
from pyfora.language.brief import Constants
from pyfora.language.caches import CACHE_WRAPPER, answers, is_counted, keep_objects, name_of, pairs
from pyfora.language.capture import Block, block_statements
from pyfora.language.collection import without_collection
from pyfora.language.frozen import can_change, fingerprint, members
from pyfora.language.functions import register
from pyfora.language.library_watch import LibraryWatch, mentions
from pyfora.language.loading import Loader, install
from pyfora.language.packages import check_versions, missing
from pyfora.language.primitives import HIDDEN, READ
from pyfora.language.program import RESULT, Plan, read_program
from pyfora.language.reach import Namespace, ReplicaModule
from pyfora.language.read_checks import ReadChecker
from pyfora.language.rewrite import rewritten_block
from pyfora.language.sources import compile_module
from pyfora.language.unconvertible import Unconvertible, make_reader

_UNSET = object()


@dataclass
class BlockEnd:
    """How a program ended."""

    names: dict[str, object] = field(default_factory=dict)
    """The names that it bound, in order of their first binding in the text."""
    deleted: set[str] = field(default_factory=set)
    """Names that were bound before and are not now."""
    exception: BaseException | None = None
    caches: list[Any] = field(default_factory=list)
    """Caches of the client's that keep something else now."""


def load_program(
    data: Any,
    primitives: Mapping[str, Callable[..., Any]],
    resolve_value: Callable[[str, dict[int, Any]], object] | None = None,
) -> LoadedProgram:
    """The program that `data` (of `Program.to_bytes()`) holds, ready to run in this process.

    `primitives` are what rewritten code calls: `pyfora_fold(fold, part, source, *rest, at, **keywords)` and
    `pyfora_comprehension(kind, part, source, *, at)`. `resolve_value` gives the value for the id of a remote value.
    Raises WireError for bytes that are no program, and what unpickling raises.
    """
    header, parcel = read_program(data)
    violations: list[BaseException] = []
    frame_cells: dict[int, tuple[CellType, str]] = {}
    supplied: dict[str, Callable[..., Any]] = {
        **primitives,
        READ: make_reader(violations),
        NAMES: locals,
        CELLS: cell_noter(frame_cells),
    }
    loader = Loader(parcel, primitives=supplied, resolve_value=resolve_value)
    objects = iter(loader)
    plan = next(objects, None)
    if not isinstance(plan, Plan):
        raise WireError("a program's parcel does not begin with its plan")
    packages = header.get("packages", {})
    check_versions(packages)
    captured: dict[str, Any] = {}
    try:
        for kind, *place, value in objects:
            if kind == "local":
                captured[place[0]] = value
            else:
                place[0].names[place[1]] = value
    except ModuleNotFoundError as error:
        if error.name is None or error.name not in packages:
            raise
        raise UnconvertibleValueError(missing(error.name, packages[error.name])) from None
    install(loader.namespaces)
    hidden = frozenset(
        code.co_filename
        for primitive in primitives.values()
        if (code := getattr(getattr(primitive, "__func__", primitive), "__code__", None)) is not None
    )
    objects_by_index = loader.remembered()
    return LoadedProgram(
        header,
        plan,
        captured,
        loader.namespaces,
        objects_by_index,
        supplied,
        violations,
        hidden,
        loader.functions,
        frame_cells,
    )


@dataclass
class LoadedProgram:
    """A program in the process that runs it. It can be run once."""

    header: dict[str, Any]
    plan: Plan
    captured: dict[str, Any]
    namespaces: list[Namespace]
    objects: dict[int, Any]
    """Everything that was sent, by the index that the client knows it by."""
    primitives: dict[str, Callable[..., Any]]
    violations: list[BaseException]
    hidden_filenames: frozenset[str]
    """Files of the primitives: their frames are no part of a user's traceback."""
    functions: list[FunctionType]
    """The user's functions among what was sent."""
    frame_cells: dict[int, tuple[CellType, str]]
    """The cells of the block's own frame, by identity, with the names that the client's frame has them by."""

    def code_objects(self) -> dict[int, Any]:
        """The functions, classes and modules among what was sent, by index."""
        kinds = (FunctionType, type, ReplicaModule, Namespace, CACHE_WRAPPER)
        return {index: value for index, value in self.objects.items() if isinstance(value, kinds)}

    def run(self) -> BlockEnd:
        """Run the program. What its code raises is in the answer, not raised; so are broken rules of Pure Python."""
        frozen = _Frozen(self)
        with _registered(self.namespaces):
            if self.plan.kind == "block":
                assert self.plan.block is not None
                run = self._run_function_block if self.plan.block.in_function else self._run_module_block
                end = run(self.plan.block)
            else:
                end = self._run_plain()
        if self.violations:
            end.exception = self.violations[0]
            return end
        changed = frozen.first_change()
        if changed is not None:
            return BlockEnd(exception=changed)
        if self.plan.kind == "block":
            end.caches = frozen.changed_caches()
        return end

    def _run_plain(self) -> BlockEnd:
        if self.plan.kind == "value":
            return BlockEnd({RESULT: self.captured[RESULT]})
        try:
            result = self.captured["function"](*self.captured["args"], **self.captured["kwargs"])
        except BaseException as error:
            return BlockEnd(exception=error)
        return BlockEnd({RESULT: result})

    # ---- blocks at module level ----------------------------------------------------------------------------------

    def _run_module_block(self, block: Block) -> BlockEnd:
        assert self.plan.namespace is not None
        names = self.plan.namespace.names
        with without_collection():
            _, statements = self._statements(block)
            code = compile_module(ast.Module(statements, []), block.segment)
        register(code, block.segment)
        before = dict(names)
        error: BaseException | None = None
        try:
            exec(code, names)
        except BaseException as raised:
            error = raised
        return _end(block, before, names, error)

    # ---- blocks in functions ----------------------------------------------------------------------------------------

    def _run_function_block(self, block: Block) -> BlockEnd:
        assert self.plan.namespace is not None
        with without_collection():
            body = BlockFunction(self.plan, *self._statements(block), self.captured, self.frame_cells)
        before = {name: self.captured[name] for name in self.plan.own}
        try:
            after = body.function(*before.values())
        except BaseException as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_frame.f_code is not body.function.__code__:
                trace = trace.tb_next
            if trace is None:
                return BlockEnd(exception=error)
            return _end(block, before, dict(trace.tb_frame.f_locals), error)
        return _end(block, before, after, None)

    def _statements(self, block: Block) -> tuple[ast.With, list[ast.stmt]]:
        """The block's `with`, and its body as it is run."""
        assert self.plan.namespace is not None
        known = {**self.plan.namespace.names, **self.captured}
        constants = Constants({name: value for name, value in known.items() if name not in block.bindings.bound})
        node = rewritten_block(block.segment, block.number, constants)
        statements = block_statements(node, block.item)
        doubtful = self.plan.doubtful | self.plan.namespace.doubtful
        if doubtful:
            statements = [ReadChecker(doubtful).visit(statement) for statement in statements]
        return node, statements


def _end(
    block: Block, before: Mapping[str, object], after: Mapping[str, object], error: BaseException | None
) -> BlockEnd:
    names: dict[str, object] = {}
    deleted = set()
    for name in block.names():
        if name in after:
            if before.get(name, _UNSET) is not after[name]:
                names[name] = after[name]
        elif name in before:
            deleted.add(name)
    return BlockEnd(names, deleted, error)


@contextmanager
def _registered(namespaces: list[Namespace]) -> Iterator[None]:
    """While the program runs its replicas are what `sys.modules` holds; `dataclasses` and others look there."""
    names = [namespace.module.__name__ for namespace in namespaces]
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update({namespace.module.__name__: namespace.module for namespace in namespaces})
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module


def _is_other(cache: Any, before: list[tuple[Any, Any]], info: Any) -> bool:
    if not is_counted(cache) or CACHE_WRAPPER.cache_info(cache) != info:
        return True
    # Cleared, and asked as often as before.
    return any(
        old is not new
        for olds, news in zip(before, pairs(cache), strict=True)
        for old, new in zip(olds, news, strict=True)
    )


def _is_flat(value: object) -> bool:
    """Whether it is a container, and holds nothing that can be changed."""
    if type(value) is dict:
        return not any(map(can_change, value.values()))
    if type(value) is list or type(value) is set:
        return not any(map(can_change, value))
    return type(value) is bytearray


def _anew(module: str | None) -> str:
    """What else there is to do where a module of the user's keeps the state."""
    if module is None:
        return ""
    return (
        f" Or run the module anew in the block, which then owns its state: text = inspect.getsource({module}) before "
        "the block, own = {}; exec(text, own) in it, and own['name'] for its names."
    )


class _Frozen:
    """What a program captured, as it was before it ran."""

    def __init__(self, program: LoadedProgram) -> None:
        self._plan = program.plan
        self._header = program.header
        self._namespaces = [(namespace, members(namespace.names)) for namespace in program.namespaces]
        self._values: dict[str, tuple[object, bytes | None]] = {}
        self._modules: dict[str, str] = {}
        """Of values of other modules than the block's own: the module's name."""
        self._can_be_bound: set[str] = set()
        """Names that the block may bind anew, and whoever reads them there finds the new value."""
        for name, value in program.captured.items():
            self._note(name, value, can_be_bound=name in self._plan.own)
        for namespace, before in self._namespaces:
            for name, value in before.items():
                at_module_level = self._plan.block is not None and not self._plan.block.in_function
                can_be_bound = at_module_level and namespace is self._plan.namespace
                label = self._label(namespace, name)
                self._note(label, value, can_be_bound=can_be_bound)
                if namespace is not self._plan.namespace:
                    self._modules[label] = namespace.module.__name__
        caches = [value for value in program.objects.values() if type(value) is CACHE_WRAPPER]
        for cache in caches:
            if keep_objects([cache]):
                self._note(f"what {name_of(cache)}() gave", answers(cache), can_be_bound=False)
        self._caches = [(cache, pairs(cache), CACHE_WRAPPER.cache_info(cache)) for cache in caches]
        found = program.plan.block.bindings if program.plan.block is not None else Bindings()
        known = [*program.captured.values(), *(value for _, before in self._namespaces for value in before.values())]
        imported = [name for name, _ in found.imported]
        self._library = LibraryWatch(
            [*known, *map(type, known)], {*found.attributes, *imported, *mentions(program.functions)}
        )

    def _note(self, label: str, value: object, *, can_be_bound: bool) -> None:
        if can_change(value) and type(value) is not Unconvertible:
            self._values[label] = (value, fingerprint(value))
            if can_be_bound:
                self._can_be_bound.add(label)

    def _label(self, namespace: Namespace, name: str) -> str:
        return name if namespace is self._plan.namespace else f"{namespace.module.__name__}.{name}"

    def first_change(self) -> InvalidPyforaOperation | None:
        """The error for the first captured value that is not as it was, or None."""
        for label, (value, before) in self._values.items():
            if before is not None and fingerprint(value) != before:
                advice = self._advice(label, value) + _anew(self._modules.get(label))
                return self._error(f"`{label}` was changed", advice)
        for namespace, before_members in self._namespaces:
            own = self._plan.block if namespace is self._plan.namespace else None
            assignable = set(own.bindings.bound) if own is not None and not own.in_function else set()
            after = members(namespace.names)
            for name in {**before_members, **after}:
                if before_members.get(name, _UNSET) is after.get(name, _UNSET):
                    continue
                if name in assignable or name.startswith(HIDDEN):
                    continue
                label = self._label(namespace, name)
                other = None if namespace is self._plan.namespace else namespace.module.__name__
                return self._error(
                    f"the global name `{label}` was assigned by a function, exec or globals()",
                    "Return the value from there, and bind it to a name in the block." + _anew(other),
                )
        set_there = self._library.first_change()
        if set_there is not None:
            return self._error(f"`{set_there}` was set", "Keep the value in a name of your own.")
        return None

    def changed_caches(self) -> list[Any]:
        """Those of the captured caches that keep something else than before, or have been asked."""
        return [cache for cache, *before in self._caches if _is_other(cache, *before)]

    def _advice(self, label: str, value: object) -> str:
        kind = type(value).__name__
        if isinstance(value, (FunctionType, type)):
            return "Functions and classes that keep state cannot be used for it here; keep the state in a value."
        made = f"{kind}({label})" if _is_flat(value) else f"copy.deepcopy({label})"
        if label in self._can_be_bound:
            return f"Make a copy first, inside the block: {label} = {made}"
        # The block cannot bind a name of another module or function, and those would not see a name of its own.
        return (
            "Make a copy of another name, inside the block, and hand it as an argument to the functions that change "
            f"it: own = {made}"
        )

    def _error(self, what: str, advice: str) -> InvalidPyforaOperation:
        place = f"{self._header['filename']}:{self._header['line']}"
        return InvalidPyforaOperation(
            f"{place}: {what} inside the block, but what a block captures is frozen. {advice}"
        )
