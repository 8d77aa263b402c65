"""Writes the bill of materials of a device, as CycloneDX 1.6 JSON: `tools/sbom build/doorward.cdx.json`.

It lists each Python package that `doorward` needs at run time, with version and licence, and each archive
that model weights come from, with its SHA-256. Two runs in one environment write the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from functools import partial
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from edge.cli import verbs
from edge.cli.verbs import argument, verb
from edge.errors import Exit, InputError
from tools.sbom.document import of_device, runtime

if TYPE_CHECKING:
    import argparse

ROOT = Path(__file__).resolve().parents[2]


def run(args: argparse.Namespace) -> int:
    """Write the bill to the file of the argument."""
    listed = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible",
         "--mc-type", "firmware", "--pyproject", str(ROOT / "pyproject.toml"), sys.prefix],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    if listed.returncode:
        raise InputError(
            f"cyclonedx-py cannot list {sys.prefix}: {listed.stderr.strip().splitlines()[-1:]}",
            hint="run `make check` once, which installs the packages for development",
        )
    names = runtime("doorward", args.extra, requires)
    manifest = tomllib.loads((ROOT / "models" / "manifest.toml").read_text("utf-8"))
    text = json.dumps(of_device(json.loads(listed.stdout), names, manifest), indent=1, sort_keys=True)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise InputError(
            f"the bill is not CycloneDX 1.6: {error}", hint="report it: this is a fault of tools/sbom"
        )
    args.file.parent.mkdir(parents=True, exist_ok=True)
    args.file.write_text(text + "\n", "utf-8")
    print(f"{args.file}: {text.count('bom-ref') - 1} components")
    return Exit.OK


SBOM = verb(
    "python tools/sbom",
    "write the bill of materials of a device, as CycloneDX 1.6",
    run,
    argument("file", type=Path, help="file to write, for example build/doorward.cdx.json"),
    argument(
        "--extra",
        action="append",
        default=[],
        help="also list the packages of doorward[EXTRA]: pi, mqtt, osdp ...",
    ),
    about=__doc__,
)
main = partial(verbs.main, SBOM)
