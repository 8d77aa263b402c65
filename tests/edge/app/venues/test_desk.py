"""Mistakes in the table [desk], and keys with which a desk does not start."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from worlds.venues.desk import DeskWorld

from edge.app.venues.desk import match_key, open_desk
from edge.config import parse_config
from edge.errors import ConfigError

MISTAKES = {
    "a time zone that does not exist": (
        "[desk]\nzone = 'Asia/Macao_'\n",
        '2: [desk] zone: "Asia/Macao_" is not a time zone',
        "Asia/Maca",
    ),
    "a zone that is a path": (
        "[desk]\nzone = '../etc/passwd'\n",
        '2: [desk] zone: "../etc/passwd" is not',
        "such as Europe/Lisbon",
    ),
    "no attribute that finds a booking": (
        "[door]\nvenue = 'desk'\n[desk]\nrequest = ['nationality']\n",
        "4: [desk] request needs family_name or booking",
        "add one of the two",
    ),
    "a key without an authority": (
        "[desk]\nauthority_key = 'a.pub'\n",
        "2: [desk] authority_key needs authority",
        "set authority",
    ),
    "an unknown attribute": (
        "[desk]\nrequest = ['shoe_size']\n",
        '2: [desk] request: "shoe_size" is not',
        "",
    ),
    "half a minisign key": (
        "[desk]\narrivals_key = 'RWshort'\n",
        '2: [desk] arrivals_key: "RWshort" is not',
        "",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_its_line(name: str) -> None:
    text, message, hint = MISTAKES[name]
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), Path("door.toml"))
    assert caught.value.message.startswith(f"door.toml:{message}")
    assert hint in caught.value.hint


@pytest.mark.parametrize("content", [None, "", "hello", "00" * 31, "00" * 32])
def test_a_desk_without_a_public_key_does_not_start(tmp_path: Path, content: str | None) -> None:
    world = DeskWorld(tmp_path)
    world.close()
    key = tmp_path / "desk.key.pub"
    key.unlink()
    if content is not None:
        key.write_text(content)
    with pytest.raises(ConfigError, match=r"public key"):
        open_desk(world.config, tmp_path, ExitStack())


def test_the_key_of_name_digests_is_made_once_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    first = match_key(folder)
    assert (match_key(folder), len(first)) == (first, 32)
    assert [file.name for file in folder.iterdir()] == ["match.key"]
    (folder / "match.key").chmod(0o644)
    with pytest.raises(ConfigError, match="others can read"):
        match_key(folder)
    (folder / "match.key").chmod(0o600)
    (folder / "match.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="is not 32 bytes"):
        match_key(folder)
