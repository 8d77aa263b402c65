"""Scales the channels of one tensor to one size, so that a single int8 scale is enough.

int8 has one scale per activation tensor. Where one channel reaches 50 and its neighbour 0.5, the neighbour
keeps three steps of 255. Dividing channel c of the producer by s[c] and multiplying what the consumers do
with it by the same s[c] changes nothing in float, because PReLU(x / s) = PReLU(x) / s for s > 0; in int8
it lifts the cosine to the float embedding from 0.972 to 0.993 (Nagel et al. 2019, arXiv 1906.04721, with
ranges seen on faces in place of ranges guessed from weights).

A *site* is one such set: convolutions that write the channels, convolutions that read them, and the
activations between. Residual blocks share one site per chain of additions.

Scales are kept as integers k with s = 2 ** (k / 16), so that every machine multiplies by the same floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.tflite_graph import Graph, Op, Operator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Channels = NDArray[np.float32]

STEPS_PER_OCTAVE = 16  # 4.4 % between neighbours: coarser than rounding, finer than the ranges are known
LARGEST_K = 106  # s within 1/100 .. 100; beyond, a dead channel would get a scale made of noise
CONVOLUTIONS = (Op.CONV_2D, Op.DEPTHWISE_CONV_2D)


@dataclass(frozen=True, slots=True)
class Site:
    """Convolutions and activations whose channels are scaled together; `name` is the first activation's."""

    name: str
    writers: tuple[Operator, ...]
    activations: tuple[int, ...]
    readers: tuple[Operator, ...]


def find_sites(graph: Graph) -> list[Site]:
    """Every place where channels can be scaled, in the order of the operators, residual chains last."""
    readers = graph.readers()
    sites = [site for op in graph.operators if (site := _chain(graph, op, readers))]
    return sites + _residuals(graph, readers)


def _chain(graph: Graph, writer: Operator, readers: Mapping[int, list[Operator]]) -> Site | None:
    """The site of a convolution, perhaps a PReLU, and then convolutions only; None for anything else."""
    if graph.code(writer) not in CONVOLUTIONS:
        return None
    activations = [int(writer.outputs[0])]
    following = readers.get(activations[-1], [])
    if [graph.code(op) for op in following] == [Op.PRELU]:
        activations.append(int(following[0].outputs[0]))
        following = readers.get(activations[-1], [])
    if not following or any(graph.code(op) not in CONVOLUTIONS for op in following):
        return None
    return Site(graph.name(activations[0]), (writer,), tuple(activations), tuple(following))


def _residuals(graph: Graph, readers: Mapping[int, list[Operator]]) -> list[Site]:
    """The sites of residual chains: tensors that additions join have the same scales."""
    chains: list[set[int]] = []
    for op in graph.operators:
        if graph.code(op) == Op.ADD:
            tied = {int(t) for t in (*op.inputs, *op.outputs)}
            for chain in [c for c in chains if c & tied]:
                chains.remove(chain)
                tied |= chain
            chains.append(tied)
    producer = graph.producer()
    sites = []
    for chain in chains:
        tensors = tuple(sorted(chain, key=graph.name))
        writers = tuple(op for t in tensors if graph.code(op := producer[t]) != Op.ADD)
        following = {id(op): op for t in tensors for op in readers[t] if graph.code(op) != Op.ADD}.values()
        if any(graph.code(op) not in CONVOLUTIONS for op in (*writers, *following)):
            raise ValueError(f"additions at {graph.name(tensors[0])} join more than convolutions")
        sites.append(Site(graph.name(tensors[0]), writers, tensors, tuple(following)))
    return sites


def scales(k: Sequence[int]) -> Channels:
    """2 ** (k / 16) as float32: 16 roots that round to the same float32 on every machine, shifted."""
    octave, step = np.divmod(np.asarray(k, np.int32), STEPS_PER_OCTAVE)
    roots = np.array([2 ** (i / STEPS_PER_OCTAVE) for i in range(STEPS_PER_OCTAVE)], np.float32)
    return np.ldexp(roots[step], octave).astype(np.float32)


def apply(content: bytes, chosen: Mapping[str, Sequence[int]]) -> bytes:
    """The model with the scales of `chosen` (site name to k per channel) worked into its weights."""
    graph = Graph(content)
    sites = find_sites(graph)
    if (found := {site.name for site in sites}) != set(chosen):
        raise ValueError(f"scales and model disagree about {sorted(found ^ set(chosen))[:3]}")
    for site in sites:
        scale(graph, site, scales(chosen[site.name]))
    return graph.to_bytes()


def scale(graph: Graph, site: Site, s: Channels) -> None:
    """Divides the channels of the site by s."""
    for op in site.writers:
        weights, bias = int(op.inputs[1]), int(op.inputs[2])
        # CONV_2D weights are (out, height, width, in), depthwise ones (1, height, width, out).
        out = s.reshape(-1, 1, 1, 1) if graph.code(op) == Op.CONV_2D else s
        graph.set_constant(weights, graph.constant(weights) / out)
        graph.set_constant(bias, graph.constant(bias) / s)
    for op in site.readers:
        weights = int(op.inputs[1])
        graph.set_constant(weights, graph.constant(weights) * s)


def choose(content: bytes, peaks: Mapping[str, Channels]) -> dict[str, list[int]]:
    """Scales for every site from `peaks`: activation name to the largest magnitude of each channel.

    A depthwise reader has its own int8 scale per channel, so the activation may be levelled fully (s = peak).
    Any other reader's weights carry what the activation sheds, so both share it evenly:
    s = sqrt(peak / largest weight).
    """
    graph = Graph(content)
    chosen = {}
    for site in find_sites(graph):
        peak = np.max([peaks[graph.name(t)] for t in site.activations], axis=0)
        if all(graph.code(op) == Op.DEPTHWISE_CONV_2D for op in site.readers):
            wanted = np.log2(peak)
        else:
            weights = [np.abs(graph.constant(int(op.inputs[1]))).max((0, 1, 2)) for op in site.readers]
            wanted = (np.log2(peak) - np.log2(np.max(weights, axis=0) + 1e-6)) / 2
        k = np.rint((wanted - wanted.mean()) * STEPS_PER_OCTAVE)
        chosen[site.name] = [int(n) for n in np.clip(k, -LARGEST_K, LARGEST_K)]
        scale(graph, site, scales(chosen[site.name]))  # later sites see the weights as they will be
    return chosen
