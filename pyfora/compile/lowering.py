"""A function of the generated source, or a routine of ours, as LLVM instructions.

Both are a small part of Python: numbers and tuples of them in variables of one type each, `if`, `while`, `for` over a
range, calls of primitives and of one another. numba compiles that too, but asks of each function many questions whose
answers are plain here, at ten times the cost. Ints are 64 bits that wrap around: who wants them checked calls a
primitive.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from llvmlite import ir

from pyfora.compile.giving_up import at_call
from pyfora.compile.operations import ORDERS
from pyfora.compile.primitives import I1, I32, I64, Builder, Primitive, Routine, Type, Value, llvm_type, real, whole

_INT_OPERATIONS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.BitAnd: "and_",
    ast.BitOr: "or_",
    ast.BitXor: "xor",
    ast.LShift: "shl",
    ast.RShift: "ashr",
}
_FLOAT_OPERATIONS: dict[type[ast.operator], str] = {ast.Add: "fadd", ast.Sub: "fsub", ast.Mult: "fmul", ast.Div: "fdiv"}


class Module:
    """One LLVM module, with each function in it once."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._functions: dict[int, Any] = {}

    def function(self, routine: Routine) -> Any:
        """The function that a routine becomes; it gives a status, and its value by way of its first argument."""
        found = self._functions.get(id(routine))
        if found is None:
            signature = routine.signature
            given = [llvm_type(signature.returns).as_pointer(), *map(llvm_type, signature.arguments)]
            name = f"pyfora.{routine.name}.{len(self._functions)}"
            found = ir.Function(self._module, ir.FunctionType(I32, given), name)
            found.linkage = "internal"
            self._functions[id(routine)] = found
            if routine.calls_itself:
                # Its frames would otherwise be as large as those of all that it is put into.
                found.attributes.add("noinline")
            _Lowering(self, found, routine, list(found.args[1:])).run()
        return found

    def entry(self, routine: Routine, name: str) -> None:
        """The function that is called from outside: with a word that is not used after the place of its value."""
        signature = routine.signature
        kinds = [ir.IntType(8) if one == "boolean" else llvm_type(one) for one in signature.arguments]
        given = [llvm_type(signature.returns).as_pointer(), ir.IntType(8).as_pointer(), *kinds]
        function = ir.Function(self._module, ir.FunctionType(I32, given), name)
        _Lowering(self, function, routine, list(function.args[2:])).run()


class _Loop:
    def __init__(self, again: Any, after: Any) -> None:
        self.again, self.after = again, after


class _Lowering:
    def __init__(self, module: Module, function: Any, routine: Routine, arguments: list[Any]) -> None:
        self._module = module
        self._function = function
        self._routine = routine
        self._node = routine.node()
        self._names: Mapping[str, Any] = routine.names()
        self._arguments = arguments
        self._entry = function.append_basic_block("entry")
        self._ir = ir.IRBuilder(self._entry)
        self._variables: dict[str, tuple[Any, Type]] = {}
        self._loops: list[_Loop] = []

    def run(self) -> None:
        first = self._function.append_basic_block("first")
        self._ir.position_at_end(first)
        for argument, kind, word in zip(
            self._arguments, self._routine.signature.arguments, self._node.args.args, strict=True
        ):
            value = self._ir.trunc(argument, I1) if argument.type == ir.IntType(8) else argument
            self._set(word.arg, (value, kind))
        self._body(self._node.body)
        if not self._ir.block.is_terminated:
            if self._routine.signature.returns == "void":
                self._ir.ret(ir.Constant(I32, 0))
            else:
                self._ir.unreachable()
        ir.IRBuilder(self._entry).branch(first)

    def _wrong(self, node: ast.AST, what: str) -> TypeError:
        return TypeError(f"{self._routine.name} cannot be lowered: {what}: {ast.unparse(node)}")

    # ---- variables -----------------------------------------------------------------------------------------------

    def _place(self, kind: Any) -> Any:
        """Memory of this function, which LLVM turns into registers."""
        builder = ir.IRBuilder(self._entry)
        builder.position_at_start(self._entry)
        return builder.alloca(kind)

    def _set(self, name: str, value: Value) -> None:
        if name not in self._variables:
            self._variables[name] = (self._place(llvm_type(value[1])), value[1])
        place, kind = self._variables[name]
        self._ir.store(self._as(value, kind), place)

    def _as(self, value: Value, kind: Type) -> Any:
        if value[1] == kind:
            return value[0]
        if (value[1], kind) == ("int64", "float64"):
            return self._ir.sitofp(value[0], llvm_type("float64"))
        if (value[1], kind) == ("boolean", "int64"):
            return self._ir.zext(value[0], I64)
        raise TypeError(f"{self._routine.name}: {value[1]} where {kind} is needed")

    # ---- statements ----------------------------------------------------------------------------------------------

    def _body(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            if self._ir.block.is_terminated:
                return
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._set(name, self._value(value))
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for target, found in zip(names, [self._value(one) for one in values], strict=True):
                    assert isinstance(target, ast.Name)
                    self._set(target.id, found)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Expr(value=value):
                self._value(value)
            case ast.Return(value=value):
                if value is not None:
                    self._ir.store(
                        self._as(self._value(value), self._routine.signature.returns), self._function.args[0]
                    )
                self._ir.ret(ir.Constant(I32, 0))
            case ast.If():
                self._if(node)
            case ast.While():
                self._while(node)
            case ast.For():
                self._for(node)
            case ast.Break():
                self._ir.branch(self._loops[-1].after)
            case ast.Continue():
                self._ir.branch(self._loops[-1].again)
            case _:
                raise self._wrong(node, type(node).__name__)

    def _block(self, name: str) -> Any:
        return self._function.append_basic_block(name)

    def _go(self, block: Any) -> None:
        if not self._ir.block.is_terminated:
            self._ir.branch(block)

    def _if(self, node: ast.If) -> None:
        then, after = self._block("then"), self._block("after")
        other = self._block("else") if node.orelse else after
        self._branch(node.test, then, other)
        self._ir.position_at_end(then)
        self._body(node.body)
        self._go(after)
        if node.orelse:
            self._ir.position_at_end(other)
            self._body(node.orelse)
            self._go(after)
        self._ir.position_at_end(after)

    def _branch(self, test: ast.expr, then: Any, other: Any) -> None:
        """Go on at `then` or at `other`."""
        match test:
            case ast.BoolOp(op=operator, values=values):
                for value in values[:-1]:
                    following = self._block("test")
                    if isinstance(operator, ast.And):
                        self._branch(value, following, other)
                    else:
                        self._branch(value, then, following)
                    self._ir.position_at_end(following)
                self._branch(values[-1], then, other)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._branch(operand, other, then)
            case ast.Constant(value=bool() as value):
                self._ir.branch(then if value else other)
            case _:
                self._ir.cbranch(self._truth(self._value(test)), then, other)

    def _finish_loop(self, loop: _Loop, leave: Any, orelse: list[ast.stmt]) -> None:
        self._loops.pop()
        self._ir.position_at_end(leave)
        self._body(orelse)
        self._go(loop.after)
        self._ir.position_at_end(loop.after)

    def _while(self, node: ast.While) -> None:
        head, body, leave, after = (self._block(name) for name in ("while", "turn", "left", "after"))
        self._ir.branch(head)
        self._ir.position_at_end(head)
        self._branch(node.test, body, leave)
        self._ir.position_at_end(body)
        loop = _Loop(head, after)
        self._loops.append(loop)
        self._body(node.body)
        self._go(head)
        self._finish_loop(loop, leave, node.orelse)

    def _for(self, node: ast.For) -> None:
        assert isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call)
        bounds = [self._as(self._value(argument), "int64") for argument in node.iter.args]
        if not isinstance(node.iter.func, ast.Name) or node.iter.func.id != "range" or len(bounds) > 2:
            raise self._wrong(node, "a loop over something else than a range")
        start, stop = bounds if len(bounds) == 2 else (whole(0), bounds[0])
        before = self._ir.block
        head, body, again, leave, after = (self._block(name) for name in ("for", "turn", "again", "left", "after"))
        self._ir.branch(head)
        self._ir.position_at_end(head)
        number = self._ir.phi(I64)
        number.add_incoming(start, before)
        self._ir.cbranch(self._ir.icmp_signed("<", number, stop), body, leave)
        self._ir.position_at_end(body)
        self._set(node.target.id, (number, "int64"))
        loop = _Loop(again, after)
        self._loops.append(loop)
        self._body(node.body)
        self._go(again)
        self._ir.position_at_end(again)
        number.add_incoming(self._ir.add(number, whole(1), flags=["nsw"]), again)
        self._ir.branch(head)
        self._finish_loop(loop, leave, node.orelse)

    # ---- expressions ---------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() as value):
                return ir.Constant(I1, int(value)), "boolean"
            case ast.Constant(value=int() as value):
                return whole(value), "int64"
            case ast.Constant(value=float() as value):
                return real(value), "float64"
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
                return whole(-value), "int64"
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=float() as value)):
                return real(-value), "float64"
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.BoolOp():
                return self._either(node)
            case ast.IfExp():
                return self._choice(node)
            case ast.Tuple(elts=elements):
                return self._tuple([self._value(element) for element in elements])
            case ast.Subscript(value=held, slice=ast.Constant(value=int() as number)):
                value, kind = self._value(held)
                assert isinstance(kind, tuple)
                return self._ir.extract_value(value, number), kind[number]
            case ast.Call():
                return self._call(node)
        raise self._wrong(node, type(node).__name__)

    def _name(self, node: ast.expr, name: str) -> Value:
        if name in self._variables:
            place, kind = self._variables[name]
            return self._ir.load(place), kind
        value = self._names.get(name)
        if type(value) is float:
            return real(value), "float64"
        if type(value) is int:
            return whole(value), "int64"
        raise self._wrong(node, "a name without a value")

    def _tuple(self, values: list[Value]) -> Value:
        kind = tuple(value[1] for value in values)
        made = ir.Constant(llvm_type(kind), ir.Undefined)
        for number, value in enumerate(values):
            made = self._ir.insert_value(made, value[0], number)
        return made, kind

    def _truth(self, value: Value) -> Any:
        match value[1]:
            case "boolean":
                return value[0]
            case "int64":
                return self._ir.icmp_signed("!=", value[0], whole(0))
            case "float64":
                return self._ir.fcmp_unordered("!=", value[0], real(0.0))
        raise TypeError(f"{self._routine.name}: the truth of a {value[1]}")

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self._value(node.operand)
        match node.op, value[1]:
            case ast.Not(), _:
                return self._ir.not_(self._truth(value)), "boolean"
            case ast.Invert(), "int64":
                return self._ir.not_(value[0]), "int64"
            case ast.USub(), "int64":
                return self._ir.sub(whole(0), value[0]), "int64"
            case ast.USub(), "float64":
                return self._ir.fneg(value[0]), "float64"
        raise self._wrong(node, f"{type(node.op).__name__} of a {value[1]}")

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self._value(node.left), self._value(node.right)
        operator = type(node.op)
        if left[1] == right[1] == "boolean" and operator in (ast.BitAnd, ast.BitOr, ast.BitXor):
            return getattr(self._ir, _INT_OPERATIONS[operator])(left[0], right[0]), "boolean"
        if "float64" in (left[1], right[1]) and operator in _FLOAT_OPERATIONS:
            one, other = self._as(left, "float64"), self._as(right, "float64")
            return getattr(self._ir, _FLOAT_OPERATIONS[operator])(one, other), "float64"
        if left[1] == right[1] == "int64" and operator in (ast.FloorDiv, ast.Mod):
            by = node.right.value if isinstance(node.right, ast.Constant) else 0
            if not isinstance(by, int) or by < 1 or by & (by - 1):
                raise self._wrong(node, "a division by something else than a power of two")
            if operator is ast.Mod:
                return self._ir.and_(left[0], whole(by - 1)), "int64"
            return self._ir.ashr(left[0], whole(by.bit_length() - 1)), "int64"
        if left[1] == right[1] == "int64" and operator in _INT_OPERATIONS:
            return getattr(self._ir, _INT_OPERATIONS[operator])(left[0], right[0]), "int64"
        raise self._wrong(node, f"{operator.__name__} of {left[1]} and {right[1]}")

    def _compare(self, node: ast.Compare) -> Value:
        before = self._value(node.left)
        if len(node.ops) == 1:
            return self._compared(node, node.ops[0], before, self._value(node.comparators[0]))[0], "boolean"
        # What comes after a comparison that fails is not evaluated.
        after, incoming = self._block("compared"), []
        for number, (operator, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
            value = self._value(comparator)
            test = self._compared(node, operator, before, value)[0]
            incoming.append((test, self._ir.block))
            if number + 1 < len(node.ops):
                following = self._block("compare")
                self._ir.cbranch(test, following, after)
                self._ir.position_at_end(following)
            else:
                self._ir.branch(after)
            before = value
        self._ir.position_at_end(after)
        return self._phi(I1, incoming), "boolean"

    def _phi(self, kind: Any, incoming: list[tuple[Any, Any]]) -> Any:
        phi = self._ir.phi(kind)
        for value, block in incoming:
            phi.add_incoming(value, block)
        return phi

    def _compared(self, node: ast.AST, operator: ast.cmpop, left: Value, right: Value) -> Value:
        word = ORDERS[type(operator)]
        if "float64" in (left[1], right[1]):
            one, other = self._as(left, "float64"), self._as(right, "float64")
            compare = self._ir.fcmp_unordered if word == "!=" else self._ir.fcmp_ordered
            return compare(word, one, other), "boolean"
        if left[1] == right[1] == "boolean" and word in ("==", "!="):
            return self._ir.icmp_unsigned(word, left[0], right[0]), "boolean"
        return self._ir.icmp_signed(word, self._as(left, "int64"), self._as(right, "int64")), "boolean"

    def _either(self, node: ast.BoolOp) -> Value:
        """`and` and `or`, whose value is that of an operand."""
        after, incoming, kind = self._block("decided"), [], None
        for number, operand in enumerate(node.values):
            value, kind = self._value(operand)
            incoming.append((value, self._ir.block))
            if number + 1 < len(node.values):
                following = self._block("operand")
                then, other = (following, after) if isinstance(node.op, ast.And) else (after, following)
                self._ir.cbranch(self._truth((value, kind)), then, other)
                self._ir.position_at_end(following)
            else:
                self._ir.branch(after)
        assert kind is not None
        self._ir.position_at_end(after)
        return self._phi(llvm_type(kind), incoming), kind

    def _choice(self, node: ast.IfExp) -> Value:
        then, other, after = self._block("then"), self._block("else"), self._block("after")
        self._branch(node.test, then, other)
        self._ir.position_at_end(then)
        one = self._value(node.body)
        end_of_one = self._ir.block
        self._ir.position_at_end(other)
        two = self._value(node.orelse)
        end_of_two = self._ir.block
        if one[1] != two[1]:
            raise self._wrong(node, f"{one[1]} or {two[1]}")
        self._ir.branch(after)
        ir.IRBuilder(end_of_one).branch(after)
        self._ir.position_at_end(after)
        return self._phi(llvm_type(one[1]), [(one[0], end_of_one), (two[0], end_of_two)]), one[1]

    def _call(self, node: ast.Call) -> Value:
        called = self._names.get(node.func.id) if isinstance(node.func, ast.Name) else None
        given = [self._value(argument) for argument in node.args]
        if not isinstance(called, Primitive | Routine):
            raise self._wrong(node, "a call of something else than a primitive or routine")
        signature = called.signature
        if len(given) != len(signature.arguments):
            raise self._wrong(node, f"{len(given)} arguments where {len(signature.arguments)} are needed")
        arguments = [self._as(value, kind) for value, kind in zip(given, signature.arguments, strict=True)]
        number = self._routine.calls.get((node.lineno, node.col_offset), 0)
        if isinstance(called, Primitive):
            return called.generate(Builder(self._ir, called.generate.__name__, number), *arguments), signature.returns
        function = self._module.function(called)
        place = self._place(llvm_type(signature.returns))
        status = self._ir.call(function, [place, *arguments])
        with self._ir.if_then(self._ir.icmp_signed("!=", status, ir.Constant(I32, 0)), likely=False):
            self._ir.ret(self._placed(status, number) if number and not called.calls else status)
        return (self._ir.load(place) if signature.returns != "void" else None), signature.returns

    def _placed(self, status: Any, number: int) -> Any:
        """The status of a function of ours, told to be of this call, unless it is of a call that was made within."""
        placed = self._ir.or_(status, ir.Constant(I32, at_call(0, number)))
        within = self._ir.icmp_unsigned(">=", status, ir.Constant(I32, at_call(0, 1)))
        return self._ir.select(within, status, placed)
