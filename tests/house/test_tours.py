"""Commands of the pages work as they stand: each page is played in an empty folder `doorward-lab`."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from house.pages import blocks, pages
from house.player import play

from edge.decision import Reason

if TYPE_CHECKING:
    from pathlib import Path

    from house.pages import Block

GUIDES = ("hotel", "integrator", "issuer", "library", "manager", "officer", "operator", "technician")
SLOW = {f"tools/guide/{name}.md" for name in GUIDES}  # pages that take over 5 s
TOURS = {page: found for page, found in pages() if any(block.info in ("sh", "sh server") for block in found)}


REASONS = frozenset(Reason)


def outcomes(page: list[Block]) -> set[str]:
    """The decisions and reasons in each output that the page shows after commands which are run."""
    shown = [after for before, after in pairwise(page) if before.info == "sh" and after.info == "text"]
    words = {word for block in shown for word in re.findall(r"[a-z_]+(?:\.[a-z_]+)?", block.text)}
    return words & (REASONS | {"grant", "deny"})


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] if page in SLOW else []) for page in TOURS]
)
def test_the_commands_of_a_page_work(page: str, tmp_path: Path, built_models: Path) -> None:
    is_right, output = play(TOURS[page], tmp_path / "doorward-lab")
    assert is_right, f"{page}:\n{output}"
    assert {outcome for outcome in outcomes(TOURS[page]) if outcome not in output} == set()


def played(page: str, tmp_path: Path) -> tuple[bool, str]:
    return play(blocks(page), tmp_path / "doorward-lab")


def test_a_failure_names_the_line_of_the_page(tmp_path: Path) -> None:
    is_right, output = played("# Title\n\n```sh\ntrue\nls no-such-file\n```\n", tmp_path)
    assert not is_right
    assert "line 5: exit 2: ls no-such-file" in output


def test_an_exit_that_a_page_does_not_expect_is_a_failure(tmp_path: Path) -> None:
    is_right, output = played("# Title\n\n```sh\ntrue \\\n  --option  # exit 1\n```\n", tmp_path)
    assert not is_right
    assert "exit 0, and the page says exit 1" in output


def test_a_page_of_commands_files_and_a_server_is_played(tmp_path: Path) -> None:
    page = """# Title

```text greeting.txt
hello 'world'
```

```sh server
python -m http.server --bind 127.0.0.1 8440
```

```sh
python -c 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8440/greeting.txt").read())' > got.txt
NAME=world
grep -q absent got.txt  # exit 1
```

```sh
grep -q "hello '$NAME'" got.txt
doorward --help > help.txt
doorward-issuer --help > help.txt
```

```sh board
reboot
```
"""
    is_right, output = played(page, tmp_path)
    assert is_right, output


def test_a_server_that_does_not_start_is_a_failure(tmp_path: Path) -> None:
    is_right, output = played("# Title\n\n```sh server\nls no-such-file\n```\n", tmp_path)
    assert not is_right
    assert "no-such-file" in output


def test_the_outcomes_of_a_page_are_those_after_commands_that_are_run() -> None:
    page = "```sh\nrun\n```\n```text\ndeny   code.stale\ngrant\n```\n```sh board\nrun\n```\n```text\ncard.revoked\n```\n"
    assert outcomes(blocks(page)) == {"deny", "code.stale", "grant"}
