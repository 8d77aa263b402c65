"""Secret files: only a file that its owner alone can read is accepted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from worlds.folders import write_secret

from edge.app.parts.keys import device_seed, read_seed
from edge.app.parts.strike import door_key
from edge.errors import ConfigError, StorageFault
from edge.secret_file import read_password, read_secret

READERS: dict[str, Callable[[Path], object]] = {
    "the device's key": device_seed,
    "the door's key": lambda file: door_key(file, 32),
    "the password": read_password,
}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o666, 0o777])
@pytest.mark.parametrize("what", READERS)
def test_a_file_that_others_can_read_or_change_is_refused(what: str, mode: int, tmp_path: Path) -> None:
    file = write_secret(tmp_path / "secret", mode=mode)
    with pytest.raises(ConfigError, match=f"others can read or change {what}") as caught:
        READERS[what](file)
    assert f"chmod 600 {file}" in caught.value.hint


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_read(mode: int, tmp_path: Path) -> None:
    file = write_secret(tmp_path / "secret", b"x" * 32, mode=mode)
    assert [read(file) for read in READERS.values()] == [b"x" * 32, b"x" * 32, "x" * 32]


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe", 0o600)
    return folder / "pipe"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nothing", "no such file"),
        (lambda folder: folder, "not a regular file"),
        (fifo, "not a regular file"),
        (lambda folder: folder / "a\0b", "not a name of a file"),
        (lambda folder: folder / ("a" * 5_000), "file name too long"),
    ],
)
def test_a_path_that_is_no_file_is_refused_with_a_hint(
    make: Callable[[Path], Path], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read_secret(make(tmp_path), "the key", limit=32, lost="make one")
    assert caught.value.message.startswith("the key ")
    assert caught.value.hint == "make one"


@pytest.mark.parametrize("size", [0, 31, 33, 1_000])
def test_a_device_key_of_another_size_is_refused(size: int, tmp_path: Path) -> None:
    with pytest.raises(StorageFault, match="is not a device key"):
        read_seed(write_secret(tmp_path / "secret", bytes(size)))


def test_a_password_has_a_limit(tmp_path: Path) -> None:
    assert read_password(write_secret(tmp_path / "secret", b"  open sesame\n")) == "open sesame"
    for data, words in ((b"x" * 1_001, "larger than 1000"), (b"\xff", "not text")):
        with pytest.raises(ConfigError, match=words):
            read_password(write_secret(tmp_path / "secret", data))
