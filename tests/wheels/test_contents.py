"""Files and metadata of the wheels: all that the code reads, and nothing that issues cards on a device."""

from __future__ import annotations

import tomllib
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
from conftest import ROOT, tracked

pytestmark = pytest.mark.slow

OFFICE = ("authority", "hub", "issuer", "issuing", "wallet")


def names(wheel: Path) -> set[str]:
    """The modules of a wheel and the files beside them."""
    with zipfile.ZipFile(wheel) as opened:
        return {name for name in opened.namelist() if ".dist-info/" not in name and ".data/" not in name}


def shared(wheel: Path) -> set[str]:
    """The files that an installation puts into its folder share/."""
    with zipfile.ZipFile(wheel) as opened:
        return {name.partition("/data/share/")[2] for name in opened.namelist() if ".data/" in name}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(opened.read(name).decode())


def licences(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        texts = [name for name in opened.namelist() if "/licenses/" in name]
        assert all(opened.read(name) == (ROOT / "LICENSE").read_bytes() for name in texts)
        return [Path(name).name for name in texts]


def test_a_device_gets_every_file_of_edge_hw_and_models_and_no_other(wheels) -> None:
    ours = {name for name in tracked() if name.startswith(("edge/", "hw/", "models/"))}
    assert names(wheels.main) == ours


def test_a_device_gets_nothing_that_issues_cards(wheels) -> None:
    assert {name.partition("/")[0] for name in names(wheels.main)} == {"edge", "hw", "models"}
    assert not [name for name in names(wheels.main) if name.endswith((".tflite", ".npy", ".jpg", ".png"))]


@pytest.mark.parametrize(
    "name",
    [
        *("edge/config/config.schema.json", "edge/config/profiles/door.toml", "edge/doctor/report.html.j2"),
        *(
            "edge/doctor/CHECKS.md",
            "edge/app/system/doorward-run.service",
            "edge/app/system/60-doorward.rules",
        ),
        *("edge/app/system/doorward.sysusers", "edge/app/system/doorward.tmpfiles"),
        *(
            "edge/py.typed",
            "hw/py.typed",
            "models/py.typed",
            "models/manifest.toml",
            "models/calibration.json",
        ),
        *("models/basis.json", "models/README.md", "models/embedder.md"),
    ],
)
def test_a_device_gets_what_its_code_and_its_messages_name(wheels, name: str) -> None:
    assert name in names(wheels.main)


def test_the_office_gets_the_four_programs_and_what_they_share(wheels) -> None:
    folders = tuple(f"tools/{folder}/" for folder in OFFICE)
    ours = {name for name in tracked() if name.startswith(folders)}
    top = {"tools/__init__.py", "tools/program_name.py", "tools/py.typed"}
    assert names(wheels.office) == ours | top


def test_each_program_has_a_manual_page_and_completion(wheels) -> None:
    def of(*programs: str) -> set[str]:
        return {
            path.format(program)
            for program in programs
            for path in (
                "man/man1/{}.1",
                "bash-completion/completions/{}",
                "zsh/site-functions/_{}",
                "fish/vendor_completions.d/{}.fish",
            )
        }

    assert shared(wheels.main) == of("doorward")
    assert shared(wheels.office) == of(
        "doorward-issuer", "doorward-wallet", "doorward-authority", "doorward-hub"
    )


def test_both_have_one_version_which_one_page_states(wheels) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert metadata(wheels.main)["Version"] == metadata(wheels.office)["Version"] == version
    assert f"doorward=={version}" in metadata(wheels.office).get_all("Requires-Dist", [])


def test_both_carry_the_licence(wheels) -> None:
    assert licences(wheels.main) == licences(wheels.office) == ["LICENSE"]
    assert {metadata(wheel)["License-Expression"] for wheel in (wheels.main, wheels.office)} == {"Apache-2.0"}


def test_a_device_needs_nothing_of_the_hub(wheels) -> None:
    needed = [line for line in metadata(wheels.main).get_all("Requires-Dist", []) if "extra ==" not in line]
    assert not [
        line for line in needed if line.startswith(("sqlalchemy", "starlette", "uvicorn", "structlog"))
    ]
