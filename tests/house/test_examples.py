"""Examples in the pages: each block has a known kind; its files are read and its commands parsed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from house.command_lines import complaints
from house.file_readers import read
from house.pages import Block, blocks, pages

from edge.errors import EdgeError

if TYPE_CHECKING:
    from pathlib import Path

PAGES = dict(pages())


def mistakes(block: Block, folder: Path) -> list[str]:
    """The reasons why this block cannot be what its info string says."""
    if not block.is_known:
        return [f"line {block.line}: ```{block.info} is no info string of tests/house/pages.py"]
    try:
        if block.info.startswith("sh"):
            return [f"line {block.line}: {complaint}" for complaint in complaints(block.text)]
        if block.info == "json":
            json.loads(block.text)
        elif block.read_as is not None:
            read(folder / block.read_as, block.text)
    except EdgeError as error:
        return [f"line {block.line}: {error.message}"]
    except ValueError as error:
        return [f"line {block.line}: {error}"]
    return []


@pytest.mark.parametrize("page", PAGES)
def test_every_example_is_what_it_says(page: str, tmp_path: Path) -> None:
    wrong = [mistake for block in PAGES[page] for mistake in mistakes(block, tmp_path)]
    assert wrong == []


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("```\nx\n```", "no info string"),
        ("```yaml\nx: 1\n```", "no info string"),
        ("```sh\ndoorward log show --jsno journal.db\n```", "unknown option --jsno"),
        (
            "```sh board\nsudo -u doorward .venv/bin/doorward confg check door.toml\n```",
            "unknown verb 'confg'",
        ),
        ("```sh board\ndoorward doctor --json | jq . && doorward-hub device ad x\n```", "unknown verb 'ad'"),
        ('```sh\nkey="$(doorward check shwo)"\n```', "unknown verb 'shwo'"),
        ("```sh checkout\nmake no-such-target\n```", "no target no-such-target"),
        ("```sh checkout\npython tools/issuer enroll\n```", "unknown verb 'enroll'"),
        ("```sh checkout\ncp tools/no-such-file/*.service /etc\n```", "tools/no-such-file/*.service"),
        ("```toml door.toml\n[door]\nface = 'Required'\n```", "door"),
        ("```toml door.toml part\n[scanner]\nkind = 'serial'\n```", "scanner"),
        ("```toml site.toml\nzone = 'Mars/Olympus'\n```", "site.toml"),
        ("```csv people.csv\nissuer,subject,nmae\n```", "nmae"),
        ("```csv unknown.csv\na,b\n```", "knows no reader"),
        ("```json\n{]\n```", "Expecting"),
    ],
)
def test_a_wrong_example_is_found_out(block: str, complaint: str, tmp_path: Path) -> None:
    [only] = blocks(block)
    assert complaint in " ".join(mistakes(only, tmp_path))


def test_right_examples_pass(tmp_path: Path) -> None:
    page = """
```sh board
sudo -u doorward .venv/bin/doorward door status --config door.toml   # with `doorward run` stopped
doorward-issuer certify office --device-key $(doorward check show --json | jq -r ".key") --site "$SITE" --operator "Inn" \\
    --out inn.cert --retention 2 > certify.txt 2>> errors.txt
```
```toml door.toml part
[desk]
zone = "Asia/Macau"
```
"""
    assert [mistake for block in blocks(page) for mistake in mistakes(block, tmp_path)] == []
