"""The composition root of the device: the one room that joins `edge` to `hw`.

Everything is opened here, late, so that a command pays only for what it uses: `doorward code read`
never loads a TFLite runtime, `doorward log verify` never loads OpenCV.
"""
