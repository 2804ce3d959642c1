"""Ways to make one stage of a request slower: in the Python processes, on the network, in the client, in the queue."""

import contextlib
import select
import shutil
import socket
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DELAY_S = 0.02

_SLOW = '''

def _slow_down():
    """Makes a function of this process slower, while the file {switch} says {stage}."""
    import functools
    import importlib
    import time
    from pathlib import Path

    *owners, name = {function!r}.split(".")
    owner = importlib.import_module({module!r} or __name__)
    for each in owners:
        owner = getattr(owner, each)
    function = getattr(owner, name)
    switch = Path({switch!r})

    @functools.wraps(function)
    def slow(*arguments, **named):
        if switch.read_text() == {stage!r}:
            time.sleep({delay_s})
        return function(*arguments, **named)

    setattr(owner, name, slow)


_slow_down()
'''


@dataclass(frozen=True)
class Inside:
    """A function that a backend calls once for a picture within a stage; no module: of its own `model.py`."""

    stage: str
    backend: str
    module: str
    function: str


INSIDE = (
    Inside("copies", "image_decode", "", "input_array"),
    Inside("decode", "image_decode", "sightline_backend.pictures", "header_size_wh"),
    Inside("resize", "image_decode", "sightline_backend.fitting", "to_mode"),
    Inside("inference", "onnxruntime", "onnxruntime", "InferenceSession.run"),
    Inside("postprocess", "class_map", "sightline_backend.class_maps", "to_sent_size"),
)


def slow_down_backends(backends: Path, switch: Path) -> None:
    """Put copies of the backends, which are slow where `switch` says so, in the place of the links to them."""
    switch.write_text("")
    for inside in INSIDE:
        folder = backends / inside.backend
        if folder.is_symlink():
            source = folder.resolve()
            folder.unlink()
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
        with (folder / "model.py").open("a") as program:
            program.write(
                _SLOW.format(
                    stage=inside.stage,
                    module=inside.module,
                    function=inside.function,
                    switch=str(switch),
                    delay_s=DELAY_S,
                )
            )


def slowed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but later."""

    def slow(*arguments: Any) -> Any:
        time.sleep(DELAY_S)
        return function(*arguments)

    return slow


@contextlib.contextmanager
def proxy(server_port: int, delay_s: float) -> Generator[int]:
    """Its port: what is sent there reaches `server_port`, every request later by `delay_s`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_forward_one, args=(listener, server_port, delay_s))
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()


def _forward_one(listener: socket.socket, server_port: int, delay_s: float) -> None:
    client, _ = listener.accept()
    with client, socket.create_connection(("127.0.0.1", server_port)) as server:
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answered = True
        while True:
            for end in select.select([client, server], [], [])[0]:
                data = end.recv(1 << 16)
                if not data:
                    return
                if end is client and answered:
                    time.sleep(delay_s)
                answered = end is server
                (client if end is server else server).sendall(data)
