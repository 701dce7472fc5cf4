"""How the generated source writes Python's operators."""

from __future__ import annotations

import ast

INTS: dict[type[ast.operator], str] = {
    ast.Add: "add_int",
    ast.Sub: "sub_int",
    ast.Mult: "mul_int",
    ast.FloorDiv: "floordiv_int",
    ast.Mod: "mod_int",
    ast.Pow: "pow_int",
    ast.LShift: "shl_int",
    ast.RShift: "shr_int",
}
"""Primitives of two ints."""
# Exact as they stand: what is written as an operator in the generated source means there what it means in Python.
FLOATS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
BITS: dict[type[ast.operator], str] = {ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^"}
ORDERS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
