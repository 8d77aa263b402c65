"""The colour challenge: a light at the door shows colours drawn at random, and a near face answers in them.

The light changes colour every STEP_MS. For each frame the colour of four regions is measured: the whole face,
its middle, its two sides, and the part of the picture far from it. The answer of a region is the slope of its
log-ratios red/green and blue/green over those of the light; the constant colour of skin, lamps and camera
drops out, and so does exposure. The best delay of light and camera counts, up to
MAX_DELAY_MS.

- `correlation`: of the face with the sequence. A film or a face on a screen answers to no sequence, or to
  another one.
- `face`, `behind`: slope of the face, and of the part behind it. Light falls off with the square of the
  distance: a wall at 3 m answers with a thirtieth of a face at 0.5 m. On a print larger than the head, the
  part behind the face is paper, and answers as the face does. So does all when white balance moves.
- `relief`: slope of the middle over that of the sides. Light from the front meets the sides of a head at a
  low angle, and all of a flat sheet at one angle.

The challenge does not stop a mask, a print bent round a head with a real wall behind it, or a computer that
redraws a face in the colours of the light within MAX_DELAY_MS. The limits are proved on simulated heads,
prints and screens (hw/sim/pictures/lit.py), and on no person. `[face] flash`, off by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Floats, Pixels

STEP_MS: Final = 200  # three frames at 15 frames a second, of which one may show two colours
STEPS: Final = 8  # 1.6 s; 6 * 5 ** 7 sequences
MAX_DELAY_MS: Final = 300  # a display draws after 50 ms, a camera hands over after 100
_DELAY_STEP_MS: Final = 33
MIN_LOOKS: Final = 12  # half of the frames of 1.6 s at 15 frames a second
_GAMMA: Final = 2.2
_FLOOR: Final = 1e-4  # linear light: below it a log-ratio is noise


class LampColour(Enum):
    """The colours of the light: red, green and blue, on or off. Grey and white would change no ratio."""

    RED = (1, 0, 0)
    GREEN = (0, 1, 0)
    BLUE = (0, 0, 1)
    YELLOW = (1, 1, 0)
    CYAN = (0, 1, 1)
    MAGENTA = (1, 0, 1)


class ColourObjection(StrEnum):
    """The objections of the colour challenge."""

    FEW = "too few frames"
    FAINT = "the light does not reach the face"
    OTHER = "the face answered to other colours"
    NEAR = "the picture behind the face is as near as the face"
    FLAT = "the face answered as a flat sheet does"


@dataclass(frozen=True, slots=True)
class ColourLimits:
    """The limits of a face; each lies between simulated heads and the attacks of hw/sim/pictures/lit.py."""

    face: float = 0.04  # a light of 6 % of all light on the face; below, the relief is noise. Glass has 0.013
    correlation: float = 0.7  # heads 0.96 and more, films under other colours 0.57 at most
    behind: float = 0.5  # of the face's slope: heads 0.04, large prints 0.98 to 1.11
    relief: float = 1.25  # heads 1.49 and more, flat prints 1.12 at most


@dataclass(frozen=True, slots=True, eq=False)
class ColourLook:
    """The log-ratios of one frame: rows face, middle, sides, behind; columns red/green, blue/green."""

    ratios: Floats
    tick_ms: int


@dataclass(frozen=True, slots=True)
class ColourAnswer:
    """The answer of a face to a sequence of colours, and the objection to it, if there is one."""

    correlation: float
    face: float
    behind: float
    relief: float
    objection: ColourObjection | None


def draw_colours(random_below: Callable[[int], int], steps: int = STEPS) -> tuple[LampColour, ...]:
    """Colours in random order, none twice in a row. `random_below(k)`: 0 .. k-1; use `secrets.randbelow`."""
    colours: list[LampColour] = []
    for _ in range(steps):
        left = [colour for colour in LampColour if not colours or colour is not colours[-1]]
        colours.append(left[random_below(len(left))])
    return tuple(colours)


def measure_colours(rgb: Pixels, box: tuple[float, float, float, float], tick_ms: int) -> ColourLook | None:
    """The regions of one uint8 (H, W, 3) frame; None if the picture has nothing beside the face.

    `box`: x0, y0, x1, y1 of the face in px, brows to chin.
    """
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0

    def part(left: float, top: float, right: float, bottom: float) -> Pixels:
        columns = slice(max(0, round(x0 + left * width)), max(0, round(x0 + right * width)))
        return rgb[max(0, round(y0 + top * height)) : max(0, round(y0 + bottom * height)), columns]

    sides = [part(0.02, 0.35, 0.16, 0.75), part(0.84, 0.35, 0.98, 0.75)]
    # Beside the face and above the chin: shoulders are as near as the face.
    far = rgb.shape[1]
    behind = [part(-far, -far, -0.75, 0.8), part(1.75, -far, far, 0.8)]
    regions = [[part(0.1, 0.2, 0.9, 0.9)], [part(0.36, 0.3, 0.64, 0.75)], sides, behind]
    pixels = [np.concatenate([each.reshape(-1, 3) for each in region]) for region in regions]
    if not all(map(len, pixels)):
        return None
    light = np.stack([_mean(each) for each in pixels])
    logs = np.log(np.maximum(light, _FLOOR))
    return ColourLook(np.asarray(logs[:, [0, 2]] - logs[:, [1]], dtype=np.float32), tick_ms)


def judge_colours(
    looks: Sequence[ColourLook],
    colours: Sequence[LampColour],
    started_ms: int,
    limits: ColourLimits = ColourLimits(),  # noqa: B008  frozen
) -> ColourAnswer:
    """The answer in these frames to `colours`, of which the first was shown from `started_ms` on."""
    if len(looks) < MIN_LOOKS:
        return ColourAnswer(0, 0, 0, 0, ColourObjection.FEW)
    ratios = np.stack([look.ratios for look in looks])
    ratios = ratios - ratios.mean(axis=0)
    since_ms = [look.tick_ms - started_ms for look in looks]
    answers = [
        _answer(ratios, _shown(colours, [ms - delay_ms for ms in since_ms]))
        for delay_ms in range(0, MAX_DELAY_MS + 1, _DELAY_STEP_MS)
    ]
    correlation, (face, middle, sides, behind) = max(answers, key=lambda answer: answer[0])
    relief = middle / sides if sides > 0 else 0.0
    objection = None
    if not face >= limits.face:
        objection = ColourObjection.FAINT
    elif not correlation >= limits.correlation:
        objection = ColourObjection.OTHER
    elif not behind <= limits.behind * face:
        objection = ColourObjection.NEAR
    elif not relief >= limits.relief:
        objection = ColourObjection.FLAT
    return ColourAnswer(correlation, face, behind, relief, objection)


def _mean(pixels: Pixels) -> Floats:
    """The mean linear light of many pixels, float32 (3,)."""
    return np.asarray(_LINEAR[pixels].mean(axis=0), dtype=np.float32)


def _shown(colours: Sequence[LampColour], since_ms: Sequence[int]) -> Floats:
    """The two ratios of the light at each time: red less green, blue less green, each less its mean."""
    steps = [min(max(ms // STEP_MS, 0), len(colours) - 1) for ms in since_ms]
    light = np.array([colours[step].value for step in steps], dtype=np.float32)
    ratios = light[:, [0, 2]] - light[:, [1]]
    return np.asarray(ratios - ratios.mean(axis=0), dtype=np.float32)


def _answer(ratios: Floats, shown: Floats) -> tuple[float, list[float]]:
    """The correlation of the face, and the slopes of face, middle, sides and behind."""
    power = float((shown**2).sum())
    slopes = [float((ratios[:, region] * shown).sum()) / power for region in range(ratios.shape[1])]
    spread = float(np.sqrt((ratios[:, 0] ** 2).sum() * power))
    return slopes[0] * power / spread if spread > 0 else 0.0, slopes


_LINEAR: Final = ((np.arange(256) / 255) ** _GAMMA).astype(np.float32)
