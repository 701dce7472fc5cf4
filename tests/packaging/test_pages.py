"""The walker itself, without any machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemons import ROOT
from tests.packaging import pages
from tests.packaging.pages import Block, agrees, blocks, walk


class Recorder:
    def __init__(self) -> None:
        self.story: list[str] = []

    def run(self, script: str) -> str:
        self.story.append(f"run {script.strip()}")
        assert "fail" not in script, "it failed"
        return "first line\n10 workers, 3 blocks\nlast line\n"

    def start(self, script: str) -> None:
        self.story.append(f"start {script.strip()}")

    def write(self, name: str, text: str) -> None:
        self.story.append(f"write {name}: {text.strip()}")


PAGE = """
Words.

```python here a.py
print(1)
```
```sh here background
serve
```
```sh here
one
two
```
```text
10 workers, … blocks
last
```
"""


@pytest.fixture
def docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    return tmp_path


def test_a_page_is_done_from_top_to_bottom(docs: Path) -> None:
    (docs / "page.md").write_text(PAGE)
    place = Recorder()
    walk("page.md", {"here": place})
    assert place.story == ["write a.py: print(1)", "start serve", "run one\ntwo"]
    assert blocks(docs / "page.md")[0] == Block(4, ("python", "here", "a.py"), "print(1)\n")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (PAGE.replace("10 workers", "11 workers"), "page.md:14: the page says"),
        (PAGE.replace("one\n", "fail\n"), "page.md:10: it failed"),
        (PAGE.replace("sh here\n", "sh\n"), "says not where"),
        (PAGE.replace("```sh here background", "```"), "says not where"),
        (PAGE + "```sh here\nleft open", "not closed"),
        ("Nothing to do.", "no commands"),
    ],
)
def test_what_is_not_so_is_said_with_its_line(docs: Path, wrong: str, message: str) -> None:
    (docs / "page.md").write_text(wrong)
    with pytest.raises(AssertionError, match=message):
        walk("page.md", {"here": Recorder()})


def test_no_page_with_commands_is_left_out() -> None:
    """Each is read by a test, which runs them: by the walker here, or by one of its own."""
    tests = "".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    found = [page.name for page in (ROOT / "docs").rglob("*.md") if "\n```sh" in page.read_text()]
    assert len(found) >= 9
    assert [name for name in found if f'"{name}"' not in tests] == []


def test_lines_agree_in_order() -> None:
    assert agrees("a 1 b\nc\n", "a … b\nc")
    assert not agrees("c\na 1 b\n", "a … b\nc")
    assert not agrees("a 1\nb\n", "a … b")
