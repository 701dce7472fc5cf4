"""What others get wrong, through a real cluster: the answers are the local loop's, or the exception is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import pyfora
from tests.compile import wrong_elsewhere
from tests.compile.loops import bits
from tests.daemons import Cluster

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("function", wrong_elsewhere.CASES, ids=lambda function: function.__name__)
def test_through_a_cluster(function: Callable[[int], Any], cluster: Cluster) -> None:
    last = wrong_elsewhere.LAST
    try:
        expected, error = [function(i) for i in range(last + 1)], None
    except Exception as raised:
        expected, error = [], raised
    with pyfora.connect(cluster.url, progress=False) as executor:
        if error is not None:
            with pytest.raises(type(error)) as caught, executor.remotely.downloadAll():
                found = [function(i) for i in range(last + 1)]
            assert caught.value.args == error.args
            return
        with executor.remotely.downloadAll():
            found = [function(i) for i in range(last + 1)]
    assert [bits(one) for one in found] == [bits(one) for one in expected]


def test_a_sum_beyond_64_bits(cluster: Cluster) -> None:
    with pyfora.connect(cluster.url, progress=False) as executor, executor.remotely.downloadAll():
        total = sum(i * 10**13 for i in range(3_000_000))
    assert total == 10**13 * 3_000_000 * 2_999_999 // 2 > 2**63
