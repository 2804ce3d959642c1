"""`make demo`: starts the server, asks every model over HTTP and gRPC, shows the answers, leaves pictures to look at.

It is a program of a user: everything goes through the `sightline` command and the client.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from sightline import Classification, Client, Explanation

REPOSITORY = Path("model_repository")
BUILD = Path("build/demo")
CLASSIFIERS = ("cnn", "attention")
MODELS = (*CLASSIFIERS, "gan")
SEEDS = range(48)
CALLS = 20  # the time shown is the median of so many
Answer = TypeVar("Answer")


def main() -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    agree = True
    table = Table("model", "task", "input", "over HTTP", "over gRPC", "ms HTTP", "ms gRPC", title="Answers")
    with running_server() as (http_url, grpc_url), Client(http_url) as http, Client(grpc_url) as grpc:
        for model in CLASSIFIERS:
            for picture in golden_pictures(model):
                over_http, http_ms = timed(lambda m=model, p=picture: http.classify(p, model=m))
                over_grpc, grpc_ms = timed(lambda m=model, p=picture: grpc.classify(p, model=m))
                agree &= over_http.label == over_grpc.label == picture.stem.removeprefix("digit-")
                texts = [f"{answer.label} ({answer.score:.4f})" for answer in (over_http, over_grpc)]
                table.add_row(model, "classify", picture.name, *texts, f"{http_ms:.1f}", f"{grpc_ms:.1f}")
            annotated(http, model, golden_pictures(model)[-1]).save(BUILD / f"{model}.png")
        pictures = [http.generate(seed=seed) for seed in SEEDS]
        over_http, http_ms = timed(lambda: http.generate(seed=SEEDS[0]))
        over_grpc, grpc_ms = timed(lambda: grpc.generate(seed=SEEDS[0]))
        seen = http.classify(over_http, model="cnn")
        agree &= over_http.tobytes() == over_grpc.tobytes()
        same = "the same picture" if over_http.tobytes() == over_grpc.tobytes() else "ANOTHER PICTURE"
        text = f"{over_http.width}x{over_http.height} picture, a {seen.label}"
        table.add_row("gan", "generate", f"seed {SEEDS[0]}", text, same, f"{http_ms:.1f}", f"{grpc_ms:.1f}")
        contact_sheet(pictures, columns=12).save(BUILD / "gan.png")
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    written = ", ".join(str(path) for path in sorted(BUILD.glob("*.png")))
    print(f"Pictures to look at: {written}")
    if not agree:
        sys.exit("Error: expected the right digit from every model, the same over HTTP and gRPC; see the table above.")


@contextmanager
def running_server() -> Generator[tuple[str, str]]:
    """`sightline serve` on free ports, ended at the end; gives its HTTP and gRPC addresses."""
    ready_file = BUILD / "ready.json"
    ready_file.unlink(missing_ok=True)
    ports = [part for kind in ("http", "grpc", "metrics") for part in (f"--{kind}-port", "0")]
    sightline = Path(sys.executable).with_name("sightline")
    command = [str(sightline), "serve", "--model-repository", str(REPOSITORY), "--ready-file", str(ready_file), *ports]
    command += ["--models", ",".join(MODELS)]
    server = subprocess.Popen(command)
    try:
        while not ready_file.exists():
            if server.poll() is not None:
                sys.exit(server.returncode)
            time.sleep(0.05)
        ready = json.loads(ready_file.read_text())
        yield ready["http_url"], ready["grpc_url"]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def golden_pictures(model: str) -> list[Path]:
    """The pictures that the newest version of `model` carries, real digits that it was not trained on."""
    newest = max(int(p.name) for p in (REPOSITORY / model).iterdir() if p.name.isdecimal())
    return sorted(p for p in (REPOSITORY / model / str(newest) / "golden").iterdir() if p.suffix in {".png", ".jpg"})


def timed(call: Callable[[], Answer]) -> tuple[Answer, float]:
    """The answer of `call` and its median time in milliseconds."""
    answer = call()  # connects
    durations_ms: list[float] = []
    for _ in range(CALLS):
        started = time.perf_counter()
        answer = call()
        durations_ms.append(1000 * (time.perf_counter() - started))
    return answer, float(np.median(durations_ms))


def annotated(client: Client, model: str, picture: Path) -> Image.Image:
    """The picture with its scores and, where the network gives one, its attention map beside it."""
    answer = client.classify(picture, model=model, top_k=10)
    panels = [answer.draw(picture)]
    if model == "attention":
        panels.append(explained(client, picture, answer).draw(picture))
    sheet = Image.new("RGB", (sum(panel.width for panel in panels), max(panel.height for panel in panels)), "white")
    left = 0
    for panel in panels:
        sheet.paste(panel, (left, 0))
        left += panel.width
    return sheet


def explained(client: Client, picture: Path, answer: Classification) -> Explanation:
    """Where the class token of `attention` looked, from the steps that the model is made of."""
    file = np.array([[picture.read_bytes()]], dtype=np.object_)
    pixels = client.infer("pixels_rgb_64x64_squash", {"IMAGE": file})["PIXELS"]
    attention = client.infer("attention_network", {"PIXELS": pixels}, outputs=["ATTENTION"])["ATTENTION"][0]  # (8, 8)
    size = Image.open(picture).size
    heatmap = Image.fromarray(attention / attention.max()).resize(size, Image.Resampling.BILINEAR)
    return Explanation(np.asarray(heatmap), answer.label, answer.score, int(answer.class_ids[0]), "attention")


def contact_sheet(pictures: list[Image.Image], columns: int, scale: int = 4) -> Image.Image:
    """All pictures in rows, enlarged without smoothing."""
    width, height = (scale * side for side in pictures[0].size)
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for position, picture in enumerate(pictures):
        enlarged = picture.resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(enlarged, (position % columns * width, position // columns * height))
    return sheet


if __name__ == "__main__":
    main()
