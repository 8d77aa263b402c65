"""Scales the channels of a tensor to one size, so that a single int8 scale fits them all.

int8 has one scale per activation tensor. If one channel reaches 50 and another 0.5, the second has three
steps of 255. The writer's channel c is divided by s[c], and the readers' weights for it are multiplied by
s[c]. In float this changes nothing, because PReLU(x / s) = PReLU(x) / s for s > 0; in int8 it raises the
cosine to the float embedding from 0.972 to 0.993 (Nagel et al. 2019, arXiv 1906.04721, with ranges measured
on faces instead of ranges estimated from weights).

A *site* is one such set: convolutions that write the channels, convolutions that read them, and the
activations between. Residual blocks share one site per chain of additions.

Scales are kept as integers k with s = 2 ** (k / 16), so that every machine multiplies by equal floats.
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

STEPS_PER_OCTAVE = 16  # 4.4 % between neighbours: coarser than rounding, finer than the ranges are measured
LARGEST_K = 106  # s within 1/100 .. 100; without the limit a dead channel would get a scale made of noise
CONVOLUTIONS = (Op.CONV_2D, Op.DEPTHWISE_CONV_2D)


@dataclass(frozen=True, slots=True)
class Site:
    """One site. Operators are schema objects, activations tensor indices; `name`: of the first activation."""

    name: str
    writers: tuple[Operator, ...]
    activations: tuple[int, ...]
    readers: tuple[Operator, ...]


def find_sites(graph: Graph) -> list[Site]:
    """All sites, in the order of the operators, residual chains last."""
    readers = graph.readers()
    sites = [site for op in graph.operators if (site := _chain(graph, op, readers))]
    return sites + _residuals(graph, readers)


def _chain(graph: Graph, writer: Operator, readers: Mapping[int, list[Operator]]) -> Site | None:
    """The site of a convolution, a PReLU or none, and convolutions; None for other operators."""
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
    """The sites of residual chains: tensors that additions join must share their scales."""
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
            raise ValueError(f"additions at {graph.name(tensors[0])} join other operators than convolutions")
        sites.append(Site(graph.name(tensors[0]), writers, tensors, tuple(following)))
    return sites


def scales(k: Sequence[int]) -> Channels:
    """2 ** (k / 16) as float32: 16 roots, which round to one float32 on every machine, shifted."""
    octave, step = np.divmod(np.asarray(k, np.int32), STEPS_PER_OCTAVE)
    roots = np.array([2 ** (i / STEPS_PER_OCTAVE) for i in range(STEPS_PER_OCTAVE)], np.float32)
    return np.ldexp(roots[step], octave).astype(np.float32)


def apply(content: bytes, chosen: Mapping[str, Sequence[int]]) -> bytes:
    """The model with the scales of `chosen` (k per channel, by site name) applied to its weights."""
    graph = Graph(content)
    sites = find_sites(graph)
    if (found := {site.name for site in sites}) != set(chosen):
        raise ValueError(f"sites of the scales and of the model differ: {sorted(found ^ set(chosen))[:3]}")
    for site in sites:
        scale(graph, site, scales(chosen[site.name]))
    return graph.to_bytes()


def scale(graph: Graph, site: Site, s: Channels) -> None:
    """Divide the channels of a site by `s`."""
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
    """The scales of all sites from `peaks`: the largest magnitude of each channel, by activation name.

    A depthwise reader has its own int8 scale per channel, so the activation may be levelled fully (s = peak).
    The weights of every other reader grow as the activation shrinks, so both share the factor:
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
        scale(graph, site, scales(chosen[site.name]))  # later sites must see the final weights
    return chosen
