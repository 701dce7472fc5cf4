"""What would become of a program's loops: the rewritten text, and for each loop whether it is compiled."""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from pyfora.compile import Element, FunctionSource, Loop, NotCompiled, analyse
from pyfora.errors import CantGetSourceTextError
from pyfora.language.explain import Explained, explain_source
from pyfora.language.sources import function_reference, parsed, source_file

_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
_PLAIN = (int, float, bool)


@dataclass(frozen=True)
class LoopVerdict:
    """What is known of one loop before it runs."""

    filename: str
    line: int
    text: str
    verdict: str
    """"compiled", "interpreted" or "decided when it runs"."""
    reason: str

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}: {self.verdict}: {self.text}\n    {self.reason}"


def explain_text(text: str, filename: str) -> str:
    """What becomes of a program's text, without running any of it. Raises CantGetSourceTextError."""
    explained = explain_source(text, filename)
    names = _Names(ast.parse(text, filename), filename)
    return _report(
        explained, [_verdict(loop, names.lookup, names.source, filename) for loop in _loops(explained, text)]
    )


def explain_path(path: str) -> str:
    """As `explain_text`, for the file at `path`. Raises CantGetSourceTextError where it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CantGetSourceTextError(f"{path} cannot be read: {error}. Give the path of a Python file.") from None
    return explain_text(text, path)


def explain_function(function: Callable[..., Any]) -> str:
    """What becomes of the loops of a live function, whose globals are known. Raises CantGetSourceTextError."""
    if not isinstance(function, FunctionType):
        raise CantGetSourceTextError(f"{function!r} is no function written in Python; give one that is.")
    code = function.__code__
    segment = source_file(code, function.__globals__).segment_at(code.co_firstlineno)
    found = _live_source(function)
    if segment is None or found is None:
        raise CantGetSourceTextError(
            f"{code.co_filename}:{code.co_firstlineno}: the source text of {function.__name__} is not what is running. "
            "Start the program (or the notebook's cell) again."
        )
    # The empty lines before it keep the lines of the file.
    text = "\n" * (segment.first_line - 1) + segment.text
    explained = explain_source(text, segment.filename)
    first, last = found.node.lineno, found.node.end_lineno or found.node.lineno
    loops = [loop for loop in _loops(explained, text) if first <= loop.lineno <= last]
    local = {*code.co_varnames, *code.co_cellvars}

    def lookup(name: str) -> object:
        if name in local:
            raise NameError(name)
        return found.lookup(name)

    return _report(explained, [_verdict(loop, lookup, _live_source, segment.filename) for loop in loops])


def _live_source(function: FunctionType) -> FunctionSource | None:
    reference = function_reference(function.__code__, function.__globals__)
    if reference is None:
        return None
    node = parsed(reference.segment).nodes[reference.number]
    if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return None
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))

    def lookup(name: str) -> object:
        if name in cells:
            try:
                return cells[name].cell_contents
            except ValueError:
                raise NameError(name) from None
        return _global_name(function.__globals__, name)

    return FunctionSource(reference.segment.filename, node, lookup)


def _global_name(names: dict[str, Any], name: str) -> object:
    if name in names:
        return names[name]
    try:
        return getattr(builtins, name)
    except AttributeError:
        raise NameError(name) from None


class _Names:
    """What a module's names mean, as far as its text alone tells it: nothing of it is run."""

    def __init__(self, tree: ast.Module, filename: str) -> None:
        self._filename = filename
        self._nodes: dict[FunctionType, ast.FunctionDef] = {}
        self._values: dict[str, Any] = {}
        bound = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        self._unknown = {name for name in bound if bound.count(name) > 1}
        for statement in tree.body:
            self._note(statement)
        self._unknown |= {name for name in bound if name not in self._values}

    def _note(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.FunctionDef) and not statement.decorator_list:
            self._note_function(statement)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                name = alias.asname or alias.name
                self._note_value(name, math if alias.name == "math" else None)
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                found = getattr(math, alias.name, None) if statement.module == "math" else None
                self._note_value(alias.asname or alias.name, found)
        elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            try:
                value = ast.literal_eval(statement.value)
            except ValueError:
                return
            if isinstance(target, ast.Name) and type(value) in _PLAIN:
                self._note_value(target.id, value)

    def _note_value(self, name: str, value: object) -> None:
        if value is None:
            self._unknown.add(name)
        else:
            self._values[name] = value

    def _note_function(self, node: ast.FunctionDef) -> None:
        # Only the making of the function is run: without decorators, defaults and annotations that is nobody's code.
        arguments = ast.arguments(
            node.args.posonlyargs, node.args.args, node.args.vararg, node.args.kwonlyargs, [], node.args.kwarg, []
        )
        if node.args.defaults or any(default is not None for default in node.args.kw_defaults):
            self._unknown.add(node.name)
            return
        arguments.kw_defaults = [None] * len(node.args.kwonlyargs)
        bare = ast.FunctionDef(node.name, arguments, node.body, [])
        if hasattr(ast, "TypeAlias"):
            bare.type_params = []  # type: ignore[attr-defined,unused-ignore]
        ast.copy_location(bare, node)
        future = ast.ImportFrom("__future__", [ast.alias("annotations")], 0)
        module = ast.fix_missing_locations(ast.Module([future, bare], []))
        space: dict[str, Any] = {}
        exec(compile(module, self._filename, "exec", dont_inherit=True), space)
        function = space[node.name]
        self._nodes[function] = node
        self._values[node.name] = function

    def lookup(self, name: str) -> object:
        """The value of a name of the module. Raises NameError where the text alone does not tell it."""
        if name in self._unknown:
            raise NameError(name)
        return _global_name(self._values, name)

    def source(self, function: FunctionType) -> FunctionSource | None:
        """The source of one of the module's functions."""
        node = self._nodes.get(function)
        return None if node is None else FunctionSource(self._filename, node, self.lookup)


def _loops(explained: Explained, text: str) -> list[Any]:
    """The spread comprehensions as the user wrote them."""
    places = {(loop.lineno, loop.col_offset, type(loop)) for loop in explained.loops}
    found = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, _COMPREHENSIONS) and (node.lineno, node.col_offset, type(node)) in places
    ]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _verdict(
    node: Any, lookup: Callable[[str], object], source: Callable[[FunctionType], FunctionSource | None], filename: str
) -> LoopVerdict:
    text = ast.unparse(node)
    text = text if len(text) <= 80 else text[:77] + "…"
    unknown: list[str] = []

    def noting_lookup(name: str) -> object:
        try:
            return lookup(name)
        except NameError:
            unknown.append(name)
            raise

    def verdict(word: str, reason: str) -> LoopVerdict:
        return LoopVerdict(filename, node.lineno, text, word, reason)

    if isinstance(node, ast.DictComp):
        return verdict("interpreted", "A dict comprehension is spread over the cores, but not compiled.")
    over = node.generators[0].iter
    over_range = isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "range"
    if not over_range and isinstance(over, ast.Call | ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set):
        return verdict("interpreted", f"Only loops over a range are compiled, and `{ast.unparse(over)}` is none.")
    try:
        element: Element = analyse(Loop(filename, node, noting_lookup, source))
    except NotCompiled as refusal:
        if unknown:
            return verdict("decided when it runs", f"It depends on what `{unknown[0]}` is when the block runs.")
        return verdict("interpreted", str(refusal))
    if not over_range:
        return verdict("decided when it runs", f"It is compiled where `{ast.unparse(over)}` is a range.")
    return verdict("compiled", f"Its elements are of type {element}.")


def _report(explained: Explained, verdicts: list[LoopVerdict]) -> str:
    if not verdicts:
        said = "There is no loop here that could be spread over the cores.\n"
    else:
        said = "".join(f"{verdict}\n" for verdict in verdicts)
    return f"{explained.text.strip()}\n\n{said}"
