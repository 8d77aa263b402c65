"""Fenced blocks of the pages, with the kind that their info string names.

```sh                   commands that are run, page by page, in one empty folder
```sh server            one command that is started in the background and lives until the page ends
```sh checkout          commands in the checkout itself: parsed, not run
```sh board             commands that need root, hardware or a network: parsed, not run
```toml door.toml       a whole file, written under that name, and read by the product's own reader
```toml door.toml part  part of a file, laid over the defaults and read by the same reader
```text  ```json  ```cddl    output, a drawing or a grammar; JSON must parse
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conftest import ROOT, tracked
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = re.compile(r"(toml|csv|json|python|text) ([\w-]+(\.[\w-]+)+)( part)?")
BARE = ("sh", "sh server", "sh checkout", "sh board", "text", "json", "cddl")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `line`: that of its opening fence, from 1; `end`: that of its closing fence."""

    line: int
    end: int
    info: str
    text: str

    @property
    def is_known(self) -> bool:
        """Whether its info string is one of the convention."""
        return self.info in BARE or FILE.fullmatch(self.info) is not None

    @property
    def file(self) -> str | None:
        """The name under which it is written; None for commands, output and parts."""
        found = FILE.fullmatch(self.info)
        return found[2] if found and not found[4] else None

    @property
    def read_as(self) -> str | None:
        """The name of the file that it is, or that it is part of."""
        found = FILE.fullmatch(self.info)
        return found[2] if found else None


def blocks(page: str) -> list[Block]:
    """The fenced blocks in the text of a page."""
    return [
        Block(token.map[0] + 1, token.map[1], token.info.strip(), token.content)
        for token in MarkdownIt("commonmark").parse(page)
        if token.type == "fence" and token.map
    ]


def pages() -> Iterator[tuple[str, list[Block]]]:
    """Each page that has fenced blocks, by its name."""
    for name in tracked():
        if name.endswith(".md") and (found := blocks((ROOT / name).read_text("utf-8"))):
            yield name, found
