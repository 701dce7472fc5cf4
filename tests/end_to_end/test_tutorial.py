"""The tutorial's program and its relatives, from another process, against real daemons."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemons import Cluster, free_ports
from tests.end_to_end.conftest import RunScript
from tests.sshd import sshd, tunnel

pytestmark = pytest.mark.cluster

TUTORIAL = """
    import pyfora, math, sys
    executor = pyfora.connect(sys.argv[1])
    with executor.remotely.downloadAll():
        x = sum(math.sin(i) for i in range({count}))
    print(x.hex())
"""


def local_sines(count: int) -> str:
    return sum(math.sin(i) for i in range(count)).hex()


def test_sum_of_sines_has_the_bits_of_the_local_sum(cluster: Cluster, run_script: RunScript) -> None:
    done = run_script(TUTORIAL.format(count=3_000_000), cluster.url)
    assert done.stdout.split() == [local_sines(3_000_000)]


PRIMES = """
    import pyfora, sys

    def isPrime(p):
        x = 2
        while x * x <= p:
            if p % x == 0:
                return False
            x = x + 1
        return True

    executor = pyfora.connect(sys.argv[1])
    with executor.remotely.downloadAll():
        count = sum(isPrime(i) for i in range(2, 200000))
        twins = [i for i in range(2, 100000) if isPrime(i) and isPrime(i + 2)]
    print(type(count).__name__, count, len(twins), twins[-1])
"""


def test_primes_with_a_user_function(cluster: Cluster, run_script: RunScript) -> None:
    assert run_script(PRIMES, cluster.url).stdout.split() == ["int", "17984", "1224", "99989"]


SHAPES = """
    import math, pyfora, sys
    import helpers_of_the_user as helpers

    executor = pyfora.connect(sys.argv[1])
    offset = 10

    with executor.remotely.downloadAll(): one_line = sum(i + offset for i in range(1000))

    def in_a_function(n):
        scale = 3
        with executor.remotely.downloadAll():
            total = sum(i * scale for i in range(n))
            last = [i for i in range(n)][-1]
        return total, last

    def in_a_closure():
        factor = 7
        def inner(n):
            def twice(v):
                return 2 * v
            with executor.remotely.downloadAll():
                answer = [twice(i) * factor for i in range(n) if i % 2]
            return answer
        return inner

    with executor.remotely.downloadAll():
        from_module = helpers.outer(5)
        odd = [i for i in range(20) if i % 2]

    print(one_line, in_a_function(1000), in_a_closure()(6), from_module, odd)
"""

HELPERS = """
SCALE = 4

def inner(x):
    return x * SCALE

def outer(x):
    def nested(y):
        return inner(y) + 1
    return nested(x)
"""


def test_blocks_of_every_shape(cluster: Cluster, run_script: RunScript, tmp_path: Path) -> None:
    (tmp_path / "helpers_of_the_user.py").write_text(HELPERS)
    done = run_script(SHAPES, cluster.url)
    assert done.stdout.strip() == (
        f"{sum(i + 10 for i in range(1000))} {(sum(i * 3 for i in range(1000)), 999)} [14, 42, 70] 21 "
        f"{[i for i in range(20) if i % 2]}"
    )


def test_in_a_jupyter_cell(cluster: Cluster, run_script: RunScript) -> None:
    """IPython's own shell compiles cells as a notebook's kernel does."""
    pytest.importorskip("IPython", reason="IPython is not installed") if not os.environ.get("CI") else None
    done = run_script(
        """
        import sys
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_cell("import pyfora, math")
        shell.run_cell(f"executor = pyfora.connect({sys.argv[1]!r}, progress=False)")
        shell.run_cell("def square(v):\\n    return v * v")
        result = shell.run_cell(
            "with executor.remotely.downloadAll():\\n"
            "    total = sum(square(i) for i in range(100000))\\n"
            "print(total)"
        )
        assert result.success
        """,
        cluster.url,
    )
    assert str(sum(i * i for i in range(100000))) in done.stdout


@pytest.mark.skipif(sys.version_info < (3, 13), reason="before 3.13 the interactive interpreter keeps no source text")
def test_in_the_interactive_interpreter(cluster: Cluster, tmp_path: Path) -> None:
    session = (
        "import pyfora\n"
        f"executor = pyfora.connect({cluster.url!r}, progress=False)\n"
        "def cube(v):\n    return v ** 3\n\n"
        "with executor.remotely.downloadAll():\n    total = sum(cube(i) for i in range(1000))\n\n"
        "print('total', total)\n"
    )
    done = subprocess.run(
        [sys.executable, "-i"], input=session, capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert f"total {sum(i**3 for i in range(1000))}" in done.stdout, done.stdout + done.stderr


def test_through_an_ssh_tunnel(cluster: Cluster, run_script: RunScript, tmp_path: Path) -> None:
    """A real sshd on loopback with keys of its own; nothing but `-L` reaches the manager."""
    port = free_ports(1)
    with sshd(tmp_path) as commands, tunnel(commands, ["-L", f"{port}:127.0.0.1:{cluster.http_port}", "gateway"], port):
        done = run_script(TUTORIAL.format(count=300_000), f"http://127.0.0.1:{port}")
    assert done.stdout.split() == [local_sines(300_000)]
