"""The tables of blocks whose outcome must be what plain Python gives."""

from tests.language.blocks import classes, exceptions, functions, rarer, values

CASES = {**values.CASES, **functions.CASES, **classes.CASES, **exceptions.CASES, **rarer.CASES}
