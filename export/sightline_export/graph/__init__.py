"""ONNX graphs that people bring: read, repaired or refused with the fix, fused with pixels, cut into stages."""
