"""Configurations with `gate`, the old name of the venue `library`, are read as those of today."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.config import parse_config
from edge.errors import ConfigError

FILE = Path("door.toml")
TODAY = b'[door]\nvenue = "library"\n[library]\nhost = "lms.example"\nlending = true\n'

OLD = {
    "word and table": TODAY.replace(b"library", b"gate"),
    "the word alone": TODAY.replace(b'"library"', b'"gate"'),
    "the table alone": TODAY.replace(b"[library]", b"[gate]"),
    "dotted": b'gate.host = "lms.example"\ngate.lending = true\ndoor.venue = "gate"\n',
    "inline": b'door = { venue = "gate" }\ngate = { host = "lms.example", lending = true }\n',
}


@pytest.mark.parametrize("text", OLD.values(), ids=OLD)
def test_an_old_word_means_the_new_one(text: bytes) -> None:
    config = parse_config(text, FILE)
    assert config == parse_config(TODAY, FILE)
    assert config.door.face == "if-bound"  # of the profile of a library


def test_a_device_at_work_keeps_the_files_that_it_has() -> None:
    """Both names are defaults of an old file; other names would lose its patrons."""
    library = parse_config(OLD["word and table"], FILE).library
    assert (library.key, library.store) == ("gate.key", "gate.db")


def test_a_shown_configuration_has_the_name_of_today() -> None:
    shown = msgspec.to_builtins(parse_config(OLD["word and table"], FILE))
    assert shown["door"]["venue"] == "library"
    assert shown["library"]["host"] == "lms.example"
    assert "gate" not in shown


MISTAKES = {
    "out of range": ("port = 0", "door.toml:4: [{}] port: 0 is not a whole number from 1", "config show"),
    "wrong word in a list": ('blocks = ["tall"]', 'door.toml:4: [{}] blocks: "tall" is not one of charge-denied', "config show"),
    "unknown key": ("prot = 6001", "door.toml:4: unknown key [{}] prot", "did you mean port?"),
    "no such zone": ('zone = "Asia/Macao City"', 'door.toml:4: [{}] zone: "Asia/Macao City" is not a time zone', "Asia/Macao"),
    "no host": ("port = 6001", "door.toml:2: [{}] host is required", "SIP2"),
    "in the clear": ('host = "h"\ntls = false\nuser = "u"\npassword_file = "p"', "door.toml:5: [{}] tls = false sends", "tls"),
    "no user": ('host = "h"\npassword_file = "p"', "door.toml:5: [{}] password_file needs user", "set user"),
    "no kinds": ('host = "h"\nunstaffed = "registered"', 'door.toml:5: [{}] unstaffed = "registered" needs', "unstaffed_age"),
}  # fmt: skip


@pytest.mark.parametrize("name", ["gate", "library"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_its_line_and_the_table_as_it_is_written(mistake: str, name: str) -> None:
    keys, message, hint = MISTAKES[mistake]
    with pytest.raises(ConfigError) as error:
        parse_config(f'[door]\nvenue = "{name}"\n[{name}]\n{keys}\n'.encode(), FILE)
    assert error.value.message.startswith(message.format(name))
    assert hint.format(name) in error.value.hint


def test_a_key_in_place_of_a_table_is_named_as_it_is_written() -> None:
    with pytest.raises(ConfigError, match="gate: 3 is not a table"):
        parse_config(b"gate = 3\n", FILE)


def test_both_tables_in_one_file_are_refused_and_the_error_says_which_to_keep() -> None:
    with pytest.raises(ConfigError) as error:
        parse_config(TODAY + b"[gate]\nport = 6002\n", FILE)
    assert error.value.message == "door.toml:6: [gate] and [library] are one table: [gate] is its old name"
    assert error.value.hint == "move the keys of [gate] to [library]"


def test_a_venue_that_is_not_text_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'door.toml:2: \[door\] venue: \["gate"\] is not one of'):
        parse_config(b'[door]\nvenue = ["gate"]\n', FILE)
