"""Trees are gone through, copied and placed as the module `ast` does it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import pyfora.language
from pyfora.language.trees import BARE, all_nodes, all_statements, children_of, copied, names_in, placed

FILES = sorted(Path(pyfora.language.__file__).parent.glob("*.py"))


@pytest.fixture(params=FILES[::4], ids=lambda path: path.name)
def tree(request: pytest.FixtureRequest) -> ast.Module:
    return ast.parse(request.param.read_text())


def test_all_nodes_are_met_in_the_order_of_walk(tree: ast.Module) -> None:
    assert all_nodes(tree) == [node for node in ast.walk(tree) if type(node) not in BARE]
    for node in ast.walk(tree):
        assert children_of(node) == [child for child in ast.iter_child_nodes(node) if type(child) not in BARE]
    assert names_in([tree]) == {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert all_statements(tree) == [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def test_a_copy_is_equal_and_apart(tree: ast.Module) -> None:
    made = copied(tree)
    assert ast.dump(made, include_attributes=True) == ast.dump(tree, include_attributes=True)
    assert set(map(id, all_nodes(made))).isdisjoint(map(id, all_nodes(tree)))


def test_what_has_no_place_gets_that_of_what_is_around_it(tree: ast.Module) -> None:
    for number, node in enumerate(all_nodes(tree)):
        if number % 3 and "lineno" in vars(node):
            for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
                delattr(node, name)
    expected = ast.fix_missing_locations(copied(tree))
    assert ast.dump(placed(tree), include_attributes=True) == ast.dump(expected, include_attributes=True)
