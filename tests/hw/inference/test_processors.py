"""The kind of processor that a text of /proc/cpuinfo describes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hw.inference import processors
from hw.inference.processors import kind, this_kind


def cpuinfo(flags: str, *, name: str = "flags\t\t") -> str:
    """Two cores in the form of Linux, shortened."""
    core = f"processor\t: 0\nmodel name\t: A Processor: 3.0 GHz avx_vnni\n{name}: {flags}\nbugs\t\t: spectre_v1\n\n"
    return core * 2


# /proc/cpuinfo of Linux 6 on a Cortex-A72 without the crypto extension, and what a Cortex-A76 has beyond it
ARM_V8 = "fp asimd evtstrm crc32 cpuid"
ARM_V8_2 = "aes pmull sha1 sha2 atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"

MACHINES = {
    "only AVX2": ("x86_64", cpuinfo("fpu sse4_2 avx avx2 fma"), "x86_64"),
    "AVX-512 without VNNI": ("x86_64", cpuinfo("avx2 avx512f avx512bw avx512vl"), "x86_64"),
    "AVX-512 with VNNI": ("x86_64", cpuinfo("avx2 avx512f avx512_vnni avx512_bitalg"), "x86_64_vnni"),
    "VNNI in 256 bits": ("x86_64", cpuinfo("avx2 avx_vnni sha_ni"), "x86_64_vnni"),
    "a longer word": ("x86_64", cpuinfo("avx2 avx_vnni_int8 not_avx512_vnni"), "x86_64"),
    "a Raspberry Pi 5": ("aarch64", cpuinfo(f"{ARM_V8} {ARM_V8_2}", name="Features\t"), "aarch64_asimddp"),
    "a Raspberry Pi 4": ("aarch64", cpuinfo(ARM_V8, name="Features\t"), "aarch64"),
    "a longer word on ARM": ("aarch64", cpuinfo("asimd asimddpx xasimddp", name="Features\t"), "aarch64"),
    "a flag of another machine": ("aarch64", cpuinfo("avx512_vnni asimddp"), "aarch64"),
    "features of another machine": ("x86_64", cpuinfo("avx_vnni asimddp", name="Features\t"), "x86_64"),
    "a 32-bit system on a Pi 5": ("armv7l", cpuinfo("neon asimddp", name="Features\t"), "armv7l"),
    "a 32-bit board": ("armv7l", cpuinfo("neon vfpv4", name="Features\t"), "armv7l"),
    "no text": ("x86_64", "", "x86_64"),
    "another text": ("x86_64", "flags\navx512_vnni\n:\n: avx512_vnni\n", "x86_64"),
}


@pytest.mark.parametrize("case", MACHINES, ids=str)
def test_instructions_for_four_int8_make_a_separate_kind(case: str) -> None:
    machine, text, expected = MACHINES[case]
    assert kind(machine, text) == expected


@pytest.mark.parametrize("flags", ["avx2", "avx2 avx512_vnni"])
def test_the_kind_of_this_machine_is_read_from_its_file(
    flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = cpuinfo(flags)
    (tmp_path / "cpuinfo").write_text(text, "ascii")
    monkeypatch.setattr(processors, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(processors.platform, "machine", lambda: "x86_64")
    assert this_kind() == kind("x86_64", text)


def test_without_the_file_the_kind_comes_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "CPUINFO", tmp_path / "none")
    monkeypatch.setattr(processors.platform, "machine", lambda: "x86_64")
    assert this_kind() == "x86_64"
