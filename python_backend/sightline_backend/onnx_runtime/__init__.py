"""The parts of the `onnxruntime` drop-in: what NVIDIA's C++ ONNX Runtime backend does, in functions on plain dicts.

`settings` and `providers` read the configuration, `autocomplete` fills it in, `validation` holds it against the graph,
`batching` runs a dynamic batch, `session` is the only module that talks to ONNX Runtime. Names of parameters and texts
of messages are those of the C++ backend (release 24.10), so that a repository and whoever reads its errors can move
between the two.
"""
