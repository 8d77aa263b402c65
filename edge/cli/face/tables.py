"""Text lines of `doorward face eval` and `doorward face pad`: the rows of --json, in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def eval_lines(row: Mapping[str, Any]) -> list[str]:
    """The row of `face eval`, then a line for each group."""
    tar = {**row["tar"], "1e-5": row["tar_1e-5"]}
    tar_95 = {**row["tar_95"], "1e-5": row["tar_1e-5_95"]}
    default = row["default"]
    return [
        f"{row['pairs']} pairs of {row['pictures']} pictures, {_percent(row['fta'])} without a face (FTA)",
        f"accuracy         {_sure(row['accuracy'], row['accuracy_95'])}",
        f"EER              {_percent(row['eer'])}",
        *(
            f"TAR at FMR {name}  {_sure(tar[name], tar_95[name])}{_from(row['cosine'].get(name))}"
            for name in tar
        ),
        f"at the threshold of this engine, similarity {default['cosine']:.3f}:",
        f"  FMR            {_sure(default['fmr'], row['default_95']['fmr'], digits=4)}",
        f"  FNMR           {_sure(default['fnmr'], row['default_95']['fnmr'])}",
        f"{row['mated']} mated and {row['non_mated']} non-mated comparisons, "
        f"{row['ms_per_face']:.1f} ms a face, {row['peak_memory_mb']:.0f} MB at most",
        *(_group(name, found) for name, found in row.get("groups", {}).items()),
    ]


def pad_lines(row: Mapping[str, Any]) -> list[str]:
    """The row of `face pad --details`: bona fide people, each species, then each measure alone."""
    people, attacks = row["bona_fide"], row["attacks"]
    width = max(map(len, ["bona_fide", *attacks, *row["measures"]]))
    lines = [f"{'bona_fide':{width}}  BPCER {_sure(people['bpcer'], people['bpcer_95'])}{_of(people)}"]
    for label, species in attacks.items():
        sure = _sure(species["apcer"], species["apcer_95"])
        lines.append(f"{label:{width}}  APCER {sure}, EER {_percent(species['eer'])}{_of(species)}")
    for name, group in row.get("groups", {}).items():
        lines.append(f"group {name}: BPCER {_sure(group['bpcer'], group['bpcer_95'])}{_of(group)}")
    lines.append("each measure alone:")
    for name, alone in row["measures"].items():
        rates = "".join(f", {label} APCER {_percent(rate)}" for label, rate in alone["apcer"].items())
        lines.append(f"{name:{width}}  limit {alone['limit']:g}: BPCER {_percent(alone['bpcer'])}{rates}")
    families = ", ".join(row["families"])
    return [*lines, f"measured: {families}; {row['ms_per_picture']:.1f} ms a picture"]


def _percent(rate: float | None, digits: int = 2) -> str:
    return "-" if rate is None else f"{100 * rate:.{digits}f} %"


def _sure(rate: float | None, interval: Sequence[float] | None, digits: int = 2) -> str:
    """A rate and its 95 % interval, or a dash if nothing was counted."""
    if rate is None or interval is None:
        return "-"
    low, high = (f"{100 * end:.{digits}f}" for end in interval)
    return f"{_percent(rate, digits)} (95 %: {low} to {high})"


def _from(cosine: float | None) -> str:
    return "" if cosine is None else f", from similarity {cosine:.3f} on"


def _of(counted: Mapping[str, Any]) -> str:
    coached = f", {counted['coached']} told what to do" if counted["coached"] else ""
    missing = f", {counted['not_acquired']} without a face skipped" if counted["not_acquired"] else ""
    return f", of {counted['n']}{coached}{missing}"


def _group(name: str, found: Mapping[str, Any]) -> str:
    fnmr, fmr, loose = (_sure(found[rate], found[f"{rate}_95"]) for rate in ("fnmr", "fmr", "fmr_1e-2"))
    return (
        f"group {name}: FNMR {fnmr} of {found['mated']}, FMR {fmr} of {found['non_mated']}, "
        f"and {loose} where it is 1 % over all groups"
    )
