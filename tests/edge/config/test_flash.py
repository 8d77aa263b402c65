"""The colour challenge needs a light, and pins of its own for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.config import parse_config
from edge.errors import ConfigError

LANE = "[door]\nvenue = 'lane'\n[signals]\nlight = [5, 6, 13]\n[face]\nflash = true\n"
WRONG = {
    "no light": ("[face]\nflash = true\n", "door.toml:2: [face] flash = true needs [signals] light", "light = [5, 6, 13]"),
    "a lane": (LANE, 'door.toml:6: [face] flash = true is not allowed with venue = "lane"', "delete flash"),
    "one pin twice": ("[signals]\nlight = [5, 6, 5]\n", "door.toml:2: [signals] light: pin 5 is already [signals] light", "another pin"),
    "a pin of a lamp": ("[signals]\nred = 6\nlight = [5, 6, 13]\n", "door.toml:3: [signals] light: pin 6 is already [signals] red", "another pin"),
    "two pins": ("[signals]\nlight = [5, 6]\n", "door.toml:2: [signals] light", "config show"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_challenge_without_its_light_is_refused(case: str) -> None:
    text, message, hint = WRONG[case]
    with pytest.raises(ConfigError) as error:
        parse_config(text.encode(), Path("door.toml"))
    assert error.value.message.startswith(message)
    assert hint in error.value.hint


def test_it_is_off_by_default_and_works_with_a_light() -> None:
    assert not parse_config(b"", Path("door.toml")).face.flash
    config = parse_config(b"[signals]\nlight = [5, 6, 13]\n[face]\nflash = true\n", Path("door.toml"))
    assert (config.face.flash, config.signals.light) == (True, (5, 6, 13))
