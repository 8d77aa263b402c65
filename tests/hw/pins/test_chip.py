"""The chip of a board's header is found, or the error says which chips there are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import ConfigError
from hw.pins.chip import open_header

pytest.importorskip("gpiod")


def test_a_machine_without_a_chip_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chips of this machine: none") as caught:
        open_header(tmp_path)
    assert "Raspberry Pi" in caught.value.hint


def test_a_file_that_is_no_chip_is_named(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").write_bytes(b"")
    with pytest.raises(ConfigError, match="gpiochip0 cannot be opened") as caught:
        open_header(tmp_path)
    assert "group gpio" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_chip_of_another_group_is_named(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch(0)
    with pytest.raises(ConfigError, match="Permission denied"):
        open_header(tmp_path)
