"""Visit rules from a configuration: each venue opens its parts, and closes them at the end."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.app.parts.sealed_keys import make_pair
from edge.app.venues.visit_rules import open_visit_rules
from edge.config import parse_config
from edge.errors import ConfigError, StorageFault
from edge.policy.obligations import OpenVenue
from edge.policy.pin import Pin
from edge.policy.pin_tries import NAME

VENUES = {
    "door": ("", OpenVenue),
    "desk": ('[desk]\nkey = "desk.key.pub"\n', None),
    "library": ('[library]\nhost = "127.0.0.1"\ntls = false\nport = 9\n', None),
    "check": ("", None),
    "lane": ('[strike]\nlock = "fail-secure"\n', OpenVenue),
}


@pytest.mark.parametrize("venue", VENUES)
def test_every_venue_opens_with_its_profile(venue: str, tmp_path: Path) -> None:
    more, kind = VENUES[venue]
    make_pair(tmp_path / "desk.key")
    config = parse_config(f'[door]\nvenue = "{venue}"\n{more}'.encode(), tmp_path / "door.toml")
    with ExitStack() as stack:
        visit_rules = open_visit_rules(config, tmp_path, stack, seed=bytes(32))
        assert visit_rules.kind == venue
        assert kind is None or isinstance(visit_rules.venue, kind)
        assert (visit_rules.means.host is not None) == (venue == "library")
        assert visit_rules.history is not None
        assert visit_rules.request is not None
        assert visit_rules.request.site == config.door.site


def test_a_site_without_risk_watch_has_no_history(tmp_path: Path) -> None:
    config = parse_config(b"[risk]\nwatch = false\n", tmp_path / "door.toml")
    with ExitStack() as stack:
        assert open_visit_rules(config, tmp_path, stack, seed=bytes(32)).history is None


KEYPAD = b'[keypad]\nkind = "keyboard"\nport = "/dev/input/pad"\n[permits]\npin_digits = 8\n'


def test_wrong_pins_are_kept_in_the_state_folder(tmp_path: Path) -> None:
    config, pin = parse_config(KEYPAD, tmp_path / "door.toml"), Pin(b"verifier")
    for number in range(3):
        with ExitStack() as stack:
            visit_rules = open_visit_rules(config, tmp_path, stack, seed=bytes(32))
            assert visit_rules.means.pin_digits == 8
            assert visit_rules.pin_tries.count(pin) == number
            visit_rules.pin_tries.enter(pin, 0)
    assert (tmp_path / config.paths.state / NAME).stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_of_wrong_pins_does_not_begin_at_zero(tmp_path: Path) -> None:
    config = parse_config(KEYPAD, tmp_path / "door.toml")
    (tmp_path / config.paths.state).mkdir(parents=True)
    (tmp_path / config.paths.state / NAME).write_bytes(b"{")
    with ExitStack() as stack, pytest.raises(StorageFault, match=NAME):
        open_visit_rules(config, tmp_path, stack, seed=bytes(32))


def test_a_missing_certificate_is_a_configuration_error(tmp_path: Path) -> None:
    text = b'[request]\nboard = "terminal"\ncertificate = "nowhere.cert"\n'
    config = parse_config(text, tmp_path / "door.toml")
    with ExitStack() as stack, pytest.raises(ConfigError, match=r"\[request\] certificate"):
        open_visit_rules(config, tmp_path, stack, seed=bytes(32))
