"""A server whose own work is not counted for the client: it takes no memory, and sends each answer whole."""

from __future__ import annotations

import json
import socketserver
import threading
from typing import Any

import numpy as np

CLASSES = 1000


def answering() -> str:
    """Start a server that answers as `cnn` does until this process ends, and return its address."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        buffer = bytearray(1 << 20)
        while filled := self.request.recv_into(buffer):
            while (end := buffer.find(b"\r\n\r\n", 0, filled)) < 0:
                filled += self.request.recv_into(memoryview(buffer)[filled:])
            head = bytes(buffer[:end])
            missing = end + 4 + int(head.partition(b"Content-Length: ")[2].partition(b"\r")[0] or 0) - filled
            while missing:
                missing -= self.request.recv_into(buffer, missing)
            self.request.sendall(next(answer for path, answer in _ANSWERS.items() if path in head))


def _http(body: object, binary: bytes = b"") -> bytes:
    head = json.dumps(body).encode()
    lengths = f"Inference-Header-Content-Length: {len(head)}\r\nContent-Length: {len(head) + len(binary)}"
    return f"HTTP/1.1 200 OK\r\n{lengths}\r\n\r\n".encode() + head + binary


_SCORES = np.linspace(0, 1, CLASSES, dtype=np.float32).tobytes()
_OUTPUT: dict[str, Any] = {"name": "SCORES", "datatype": "FP32", "shape": [1, CLASSES]}
_LABELS = json.dumps([f"class {number}" for number in range(CLASSES)])
_ANSWERS = {
    b"/cnn/infer ": _http(
        {"model_version": "1", "outputs": [{**_OUTPUT, "parameters": {"binary_data_size": len(_SCORES)}}]}, _SCORES
    ),
    b"/cnn/config ": _http({"max_batch_size": 32, "parameters": {"labels": {"string_value": _LABELS}}}),
    b"/cnn ": _http(
        {
            "name": "cnn",
            "versions": ["1"],
            "inputs": [{"name": "IMAGE", "datatype": "BYTES", "shape": [-1, 1]}],
            "outputs": [{**_OUTPUT, "shape": [-1, CLASSES]}],
        }
    ),
}
