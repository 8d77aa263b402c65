"""The number of threads of each native library: one place for BLAS, OpenCV and TFLite.

One thread each. The largest matrix of a frame is 64 x 192, and no graph takes more than some milliseconds, so
a second thread brings nothing. It costs much: OpenBLAS splits even that product of a matrix and a vector, and
its second thread then spins for a tenth of a second, longer than the gap to the next frame. CPU time of one
face frame at 15 frames/s on two cores (`python -m tools.bench.look`): 10.5 ms with one thread, and with the
default of OpenBLAS 26 ms on a busy machine, 84 on an idle one. A free core serves the device's own threads
(camera, network, records) better.
"""

from __future__ import annotations

import os
from typing import Final

THREADS: Final = 1
# numpy's OpenBLAS reads the first one, or the second one if a distribution built it with OpenMP.
VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def limit_threads() -> None:
    """Set the threads of BLAS and OpenCV. Call it first: both read the variables when they are loaded.

    A variable that the environment sets is kept, so that an operator can measure another number. TFLite has
    no variable: `edge.app.parts.face_engine` gives THREADS to each graph.
    """
    for name in VARIABLES:
        os.environ.setdefault(name, str(THREADS))
