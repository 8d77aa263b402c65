"""Commands of the pages work as they stand: each page is played in an empty folder `doorward-lab`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house.pages import NOT_YET, blocks, pages
from house.player import play

if TYPE_CHECKING:
    from pathlib import Path

    from house.pages import Block

SLOW: frozenset[str] = frozenset()  # pages that take over 5 s
TOURS = {
    page: found
    for page, found in pages()
    if page not in NOT_YET and any(block.info in ("sh", "sh server") for block in found)
}


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.slow] if page in SLOW else []) for page in TOURS]
)
def test_the_commands_of_a_page_work(page: str, tmp_path: Path, built_models: Path) -> None:
    output = play(TOURS[page], tmp_path / "doorward-lab")
    assert output is None, f"{page}:\n{output}"


def played(page: str, tmp_path: Path) -> str | None:
    found: list[Block] = blocks(page)
    return play(found, tmp_path / "doorward-lab")


def test_a_failure_names_the_line_of_the_page(tmp_path: Path) -> None:
    output = played("# Title\n\n```sh\ntrue\nls no-such-file\n```\n", tmp_path)
    assert output is not None
    assert "line 5: exit 2: ls no-such-file" in output


def test_an_exit_that_a_page_does_not_expect_is_a_failure(tmp_path: Path) -> None:
    output = played("# Title\n\n```sh\ntrue \\\n  --option  # exit 1\n```\n", tmp_path)
    assert output is not None
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
    assert played(page, tmp_path) is None


def test_a_server_that_does_not_start_is_a_failure(tmp_path: Path) -> None:
    output = played("# Title\n\n```sh server\nls no-such-file\n```\n", tmp_path)
    assert output is not None
    assert "no-such-file" in output
