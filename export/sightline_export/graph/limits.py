"""What every ONNX Runtime of the supported Triton releases accepts."""

MAX_OPSET = 21  # ONNX Runtime 1.19, in the oldest container supported (24.09), knows no newer one
MAX_IR_VERSION = 10  # likewise
MIN_OPSET = 7  # numpy's rules of broadcasting, which fused nodes rely on, begin here
MIN_IR_VERSION = 4  # from here on weights need not be listed among the inputs
