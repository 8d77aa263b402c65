"""Drop-ins for the units of a device: every host, device and folder of door.toml, in the words of systemd."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.app.machine.drop_in import addresses_of, drop_ins, name_servers_here, unreachable
from edge.config import parse_config

LIBRARY = '[door]\nvenue = "library"\nface = "none"\n[camera]\nkind = "none"\n[scanner]\nkind = "serial"\nport = "/dev/ttyTHS1"\n'
ADDRESS = LIBRARY + '[library]\nhost = "192.168.1.20"\n'
NAME = LIBRARY + '[library]\nhost = "sip2.library.example"\n'
NAMES = {"sip2.library.example": ["192.0.2.7", "2001:db8::7"]}


def made(text: str, servers: tuple[str, ...] = ("127.0.0.53",)) -> dict[str, list[str]]:
    """The lines of each unit's drop-in, without comments."""
    found = drop_ins(
        parse_config(text.encode(), Path("door.toml")),
        look_up=lambda host: NAMES.get(host, []),
        name_servers=lambda: list(servers),
    )
    return {
        each.unit.removeprefix("doorward-"): [
            line for line in each.text.splitlines() if line and not line.startswith(("#", "["))
        ]
        for each in found
    }


def test_a_door_alone_needs_nothing() -> None:
    assert made("") == {"run": [], "sync": [], "desk": [], "check": []}


def test_the_library_system_and_the_scanner_are_let_through() -> None:
    assert made(ADDRESS)["run"] == ["IPAddressAllow=192.168.1.20", "DeviceAllow=/dev/ttyTHS1 rw"]
    assert not any("IPAddress" in line for line in made(ADDRESS.replace("192.168.1.20", "localhost"))["run"])


def test_a_name_becomes_its_addresses_of_today() -> None:
    assert made(NAME)["run"][:3] == [
        "IPAddressAllow=192.0.2.7",
        "IPAddressAllow=2001:db8::7",
        "RestrictAddressFamilies=AF_INET6",
    ]
    assert "IPAddressAllow=10.0.0.53" in made(NAME, servers=("127.0.0.53", "10.0.0.53"))["run"]
    assert "IPAddressAllow=10.0.0.53" not in made(ADDRESS, servers=("10.0.0.53",))["run"]


def test_a_name_is_told_with_its_addresses_or_that_it_has_none() -> None:
    config = parse_config(NAME.encode(), Path("door.toml"))
    (now,) = drop_ins(config, look_up=NAMES.__getitem__, name_servers=list)[0].warnings
    assert (
        now
        == "[library] host: sip2.library.example is now 192.0.2.7 2001:db8::7; run this again when that changes"
    )
    (none,) = drop_ins(config, look_up=lambda _: [], name_servers=list)[0].warnings
    assert "no address of sip2.library.example is known" in none


HOSTS = {  # the text, the unit, its address
    "hub": ('[hub]\nurl = "https://192.0.2.1:8443/"\n', "sync", "192.0.2.1"),
    "hub in IPv6": ('[hub]\nurl = "https://[2001:db8::1]/"\n', "sync", "2001:db8::1"),
    "repository": ('[sync]\nurl = "http://192.0.2.2/trust/"\n', "sync", "192.0.2.2"),
    "broker": ('[mqtt]\nhost = "192.0.2.3"\n', "sync", "192.0.2.3"),
    "property system": (
        '[door]\nvenue = "desk"\n[desk]\nwebhook = "https://192.0.2.4/"\n',
        "desk",
        "192.0.2.4",
    ),
    "authority": ('[door]\nvenue = "desk"\n[desk]\nauthority = "https://192.0.2.5/"\n', "desk", "192.0.2.5"),
    "webhook": (
        '[door]\nvenue = "check"\n[check]\nvia = "webhook"\nwebhook = "https://192.0.2.6/"\n',
        "check",
        "192.0.2.6",
    ),
    "broker of a check": (
        '[door]\nvenue = "check"\n[check]\nvia = "mqtt"\n[mqtt]\nhost = "192.0.2.8"\n',
        "check",
        "192.0.2.8",
    ),
    "hub of a second authority": (
        '[door]\nvenue = "lane"\n[lane]\nother_trust = "o"\nother_hub_url = "https://192.0.2.9/"\n',
        "sync",
        "192.0.2.9",
    ),
}


@pytest.mark.parametrize("case", HOSTS)
def test_each_host_is_let_through_to_the_unit_that_asks_it(case: str) -> None:
    text, unit, address = HOSTS[case]
    assert f"IPAddressAllow={address}" in made(text)[unit]
    others = {name for name, lines in made(text).items() if f"IPAddressAllow={address}" in lines} - {unit}
    assert others <= ({"sync"} if case == "broker of a check" else set())


DEVICES = {
    "[scanner]\nkind = 'keyboard'\nport = '/dev/input/by-id/x'\n": "/dev/input/by-id/x r",
    "[scanner]\nkind = 'keyboard'\nport = 'A name'\n": None,
    "[keypad]\nkind = 'keyboard'\nport = '/dev/input/event3'\n": "/dev/input/event3 r",
    "[camera]\ndevice = 2\n": "/dev/video2 rw",
    "[camera]\ndevice = '/dev/v4l/by-id/a b%1'\n": '"/dev/v4l/by-id/a b%%1" rw',
    "[camera]\nkind = 'film'\ndevice = 'visit'\n": None,
    "[strike]\nkind = 'gpio'\n": "char-gpiochip rw",
    "[strike]\nkind = 'controller'\nlock = 'fail-safe'\nport = '/dev/ttymxc2'\n": "/dev/ttymxc2 rw",
    "[signals]\nred = 5\ngreen = 6\n": "char-gpiochip rw",
    "[signals]\nsound = 'tones'\n": "char-alsa rw",
}


@pytest.mark.parametrize("text", DEVICES)
def test_each_device_is_let_through_once(text: str) -> None:
    device = DEVICES[text]
    assert made(text)["run"] == ([] if device is None else [f"DeviceAllow={device}"])


def test_folders_outside_of_the_state_directory_can_be_written() -> None:
    desk = '[door]\nvenue = "desk"\n[desk]\narrivals = "/srv/arrivals"\nfolder = "../lists/desk"\n[paths]\njournal = "/srv/j/a.db"\n'
    assert made(desk)["desk"] == [
        "ReadWritePaths=-/srv/j",
        "ReadWritePaths=-/var/lib/lists/desk",
        "ReadWritePaths=-/srv/arrivals",
    ]
    assert made(desk)["run"] == ["ReadWritePaths=-/srv/j", "ReadWritePaths=-/var/lib/lists/desk"]
    assert made('[paths]\nstate = "/var/lib/doorward/x"\n')["run"] == []


def test_a_folder_that_the_unit_cannot_see_is_told() -> None:
    config = parse_config(b'[paths]\nstate = "/home/ada/state"\n', Path("door.toml"))
    run = drop_ins(config)[0]
    assert run.text == ""
    assert run.warnings == [
        "[paths] state: doorward-run cannot see /home/ada/state: choose a folder that is not below /home"
    ]


def test_no_path_adds_a_setting_of_its_own() -> None:
    lines = made('[paths]\nstate = "/srv/a\\nExecStartPre=/bin/sh \\"\\\\ %n"\n')["run"]
    assert lines == ['ReadWritePaths="-/srv/a\\x0aExecStartPre=/bin/sh \\x22\\x5c %%n"']


def test_systemd_understands_each_drop_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("systemd-analyze is not on this machine: apt-get install systemd")
    text = NAME.replace("sip2.library.example", "2001:db8::7")
    text += "[signals]\nred = 5\n[paths]\nstate = '/srv/a b%1\"'\n[hub]\nurl = 'https://192.0.2.1/'\n"
    (tmp_path / "door.toml").write_text(text)
    root = tmp_path / "root"
    assert main(["config", "units", "--to", str(root)]) == 0
    assert main(["config", "unit", "--to", str(root), str(tmp_path / "door.toml")]) == 0
    capsys.readouterr()
    folder = root / "etc/systemd/system"
    path = {"SYSTEMD_UNIT_PATH": f"{folder}:/usr/lib/systemd/system", "PATH": os.environ["PATH"]}
    for unit in ("run", "sync"):
        ran = subprocess.run(
            [command, "verify", "--man=no", str(folder / f"doorward-{unit}.service")],
            capture_output=True, text=True, timeout=60, check=False, env=path,
        )  # fmt: skip
        assert [line for line in ran.stderr.splitlines() if "door.conf" in line] == []
    # A wrong line in the same place is found: the drop-in is read.
    with (folder / "doorward-run.service.d/door.conf").open("a") as file:
        file.write("IPAddressAllow=sip2.library.example\n")
    ran = subprocess.run(
        [command, "verify", "--man=no", str(folder / "doorward-run.service")],
        capture_output=True, text=True, timeout=60, check=False, env=path,
    )  # fmt: skip
    assert "door.conf" in ran.stderr


def test_a_drop_in_that_is_needed_no_more_is_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door = tmp_path / "door.toml"
    place = tmp_path / "root/etc/systemd/system/doorward-run.service.d/door.conf"
    door.write_text(ADDRESS)
    assert main(["config", "unit", "--to", str(tmp_path / "root"), str(door), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["target"] for row in rows if row["text"]] == [str(place)]
    assert place.read_text() == rows[0]["text"]
    door.write_text("")
    assert main(["config", "unit", "--to", str(tmp_path / "root"), str(door)]) == 0
    assert not place.exists()


def test_a_host_is_reached_if_the_drop_in_has_its_address(tmp_path: Path) -> None:
    config = parse_config(ADDRESS.encode(), Path("door.toml"))
    assert [(each.host, sure) for each, sure in unreachable(config, tmp_path)] == [("192.168.1.20", False)]
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    (units / "doorward-run.service").touch()
    assert [sure for _, sure in unreachable(config, tmp_path)] == [True]
    (units / "doorward-run.service.d").mkdir()
    (units / "doorward-run.service.d/door.conf").write_text(drop_ins(config)[0].text)
    assert unreachable(config, tmp_path) == []
    hub = parse_config(b'[hub]\nurl = "https://192.0.2.1/"\n', Path("door.toml"))
    assert unreachable(hub, tmp_path) == [], "only doorward-run is limited"


def test_names_are_looked_up_on_this_machine(tmp_path: Path) -> None:
    assert "127.0.0.1" in addresses_of("localhost")
    assert addresses_of("no-such-host.invalid") == addresses_of("a" * 64 + ".example") == []
    (tmp_path / "resolv.conf").write_text(
        "# x\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nsearch a\nnameserver x\n"
    )
    assert name_servers_here(tmp_path / "resolv.conf") == ["10.0.0.1", "fe80::1"]
    assert name_servers_here(tmp_path / "none") == []
