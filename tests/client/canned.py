"""An HTTP server that answers as it is told, for what no real server does on demand."""

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TENSOR = {"datatype": "FP32", "shape": [-1, -1]}
DESCRIBED = {
    "": {"name": "toy", "versions": ["1"], "inputs": [{"name": "X", **_TENSOR}], "outputs": [{"name": "Y", **_TENSOR}]},
    "/config": {"name": "toy", "max_batch_size": 8},
}
"""What it says about every model, so that an inference gets as far as its own request."""
ANSWERED = {
    "model_name": "toy",
    "model_version": "1",
    "outputs": [{"name": "Y", "datatype": "FP32", "shape": [1, 1], "data": [0.5]}],
}


def described_embedder(version: int) -> Mapping[str, Mapping[str, Any]]:
    """What a model for image-feature-extraction says, as `DESCRIBED`."""
    image = {"name": "IMAGE", "datatype": "BYTES", "shape": [-1, 1]}
    embedding = {"name": "EMBEDDING", "datatype": "FP32", "shape": [-1, -1]}
    task = {"task": {"string_value": "image-feature-extraction"}}
    return {
        "": {"name": "toy", "versions": [str(version)], "inputs": [image], "outputs": [embedding]},
        "/config": {"name": "toy", "max_batch_size": 8, "parameters": task},
    }


def embedding(*numbers: float) -> "Canned":
    """The answer of such a model."""
    output = {"name": "EMBEDDING", "datatype": "FP32", "shape": [1, len(numbers)], "data": numbers}
    return Canned(200, json.dumps({"model_name": "toy", "model_version": "1", "outputs": [output]}).encode())


@dataclass(frozen=True)
class Canned:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


ANSWER = Canned(200, json.dumps(ANSWERED).encode())


class CannedServer(ThreadingHTTPServer):
    """Gives `script`, one answer after the other, then `answer`; descriptions of models too, unless told otherwise.

    `described` is asked for them each time.
    """

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer = ANSWER
        self.script: list[Canned] = []
        self.describes_models = True
        self.described: Callable[[], Mapping[str, Mapping[str, Any]]] = lambda: DESCRIBED
        self.reads_bodies = True
        self.connections = 0
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        """Path, headers with small letters, and body of every request but those for a description."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def canned_server(port: int = 0) -> Generator[CannedServer]:
    with CannedServer(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: CannedServer  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.server.connections += 1
        super().setup()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) if self.server.reads_bodies else b""
        _, is_model, rest = self.path.partition("/v2/models/")
        end = rest[rest.find("/") :] if "/" in rest else ""
        if is_model and end in DESCRIBED and self.server.describes_models:
            self.say(Canned(200, json.dumps(self.server.described()[end]).encode()))
            return
        self.server.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.say(self.server.script.pop(0) if self.server.script else self.server.answer)

    do_POST = do_GET  # noqa: N815

    def say(self, answer: Canned) -> None:
        self.send_response(answer.status)
        self.close_connection = answer.headers.get("Connection") == "close"
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass
