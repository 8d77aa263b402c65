"""The composition root of the device: the one package that joins `edge` to `hw`.

Modules of `hw` are imported when a part is opened, so that a command loads only what it uses: `doorward code
read` loads no TFLite runtime, and `doorward log verify` no OpenCV.
"""
