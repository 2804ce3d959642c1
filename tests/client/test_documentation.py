"""The guide, docs/client.md: every block of Python and every command in it, run as a reader would run them.

The Python blocks are one session, from top to bottom. What comments behind or below a print show is what it must print,
in as many lines as fit the page, and what a `text` block shows is what the commands above it must print; "…" stands for
anything. One server has all the models that the guide names: two classifiers of this checkout, and small models under
the names of the others.
"""

import contextlib
import functools
import http.server
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import numpy as np
import PIL.Image
import pytest
from client.further_repository import write_further_models
from client.task_repository import COLOURS, LEVELS, write_task_repository
from serving import ROOT, Serve, Service, built_repository
from tls import make_authority, tls_proxy

import sightline
from sightline.cli import main

GUIDE = ROOT / "docs" / "client.md"
TEXT = GUIDE.read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [(name, code) for name, code in BLOCK.findall(TEXT)]
SESSION = [code for name, code in BLOCKS if name == "python"]
PRINT = re.compile(r"\s*.*?\bprint\(.*?\)(?:  # (.*))?")
MORE = re.compile(r"\s*# (.*)")
# What the small models and their labels are called in the guide.
NAMES = {
    "detector": "detector",
    "segmenter": "segmenter",
    "embedder": "matching",
    "inverter": "denoiser",
    "interpolate": "vae_interpolate",
}
BUILT = ("cnn", "attention")
STEP = re.compile(r'model_name: "(\w+)"')
STREET: dict[str, str] = dict(
    zip((*COLOURS, *LEVELS[1:]), ("person", "car", "dog", "road", "tree", "person"), strict=True)
)
DIGITS: dict[str, str] = dict(zip(COLOURS, ("3", "5", "8"), strict=True))


def write_guide_repository(repository: Path) -> Path:
    """Writes all the models that the guide asks, under the names that it gives them."""
    write_further_models(write_task_repository(repository))
    for tiny, name in NAMES.items():
        rename_model(repository / f"tiny_{tiny}", name, STREET)
    rename_model(repository / "tiny_explain", "cnn_explain", DIGITS)
    rename_model(repository / "tiny_generator", "gan", DIGITS)
    for name in BUILT:
        copy_model(built_repository(), name, repository)
    return repository


def copy_model(source: Path, name: str, target: Path) -> None:
    """Copies a model with the steps that it is made of."""
    if not (target / name).exists():
        shutil.copytree(source / name, target / name)
        for step in STEP.findall((source / name / "config.pbtxt").read_text()):
            copy_model(source, step, target)


def rename_model(folder: Path, name: str, labels: dict[str, str]) -> None:
    config = folder.rename(folder.with_name(name)) / "config.pbtxt"
    text = config.read_text()
    for label, other in labels.items():
        text = text.replace(f'\\"{label}\\"', f'\\"{other}\\"')  # JSON in a text of protobuf
    config.write_text(text)


def write_pictures(folder: Path) -> None:
    golden = ROOT / "model_repository" / "cnn" / "1" / "golden"
    shutil.copyfile(golden / "digit-3.png", folder / "digit.png")
    shutil.copyfile(golden / "digit-0.jpg", folder / "digit.jpg")
    cells = np.full((8, 8, 3), 3, np.uint8)
    cells[5:, :, 0] = 96  # a road
    cells[2:6, 1:3, 0] = 200  # a person
    cells[3:5, 4:7, 1] = 250  # a car
    cells[6:7, 6:7, 2] = 140  # a dog
    street = PIL.Image.fromarray(cells.repeat(60, axis=0).repeat(80, axis=1))
    (folder / "photos" / "2024").mkdir(parents=True)
    for name in ("street.png", "noisy.png", "photos/a.png", "photos/b.png", "photos/2024/c.png"):
        street.save(folder / name)
    (folder / "notes.txt").write_text("no picture")


@dataclass
class Session:
    """A reader's Python: names live on from block to block."""

    addresses: dict[str, str]
    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    outputs: list[str] = field(default_factory=list[str])

    def output_of(self, number: int) -> str:
        """Run every block up to this one that did not run yet."""
        while len(self.outputs) <= number:
            self.outputs.append("nothing: this block failed, or one before it")
            code = self.translated(SESSION[len(self.outputs) - 1])
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, f"block {len(self.outputs)} of {GUIDE.name}", "exec"), self.names)  # noqa: S102  # this is the test
            self.outputs[-1] = printed.getvalue()
        return self.outputs[number]

    def translated(self, code: str) -> str:
        for address, real in self.addresses.items():
            code = code.replace(address, real)
        return code


@contextlib.contextmanager
def web_server(folder: Path) -> Generator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def guide_service(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Service:
    repository = write_guide_repository(tmp_path_factory.mktemp("guide") / "models")
    return serve(repository, "--allow-shared-memory", "--model-config-name", "portable")  # for the networks alone


@pytest.fixture(scope="module")
def session(guide_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("reader")
    write_pictures(folder)
    http_address, grpc_address = (urlsplit(url).netloc for url in (guide_service.http_url, guide_service.grpc_url))
    authority = make_authority(folder)
    shutil.copyfile(authority.ca_file, folder / "company-ca.pem")
    with (
        pytest.MonkeyPatch.context() as patch,
        web_server(folder) as web,
        tls_proxy(http_address, authority=authority) as encrypted,
    ):
        patch.chdir(folder)
        patch.setenv("SIGHTLINE_URL", guide_service.http_url)
        session = Session(
            {
                "localhost:8000": http_address,
                "localhost:8001": grpc_address,
                "https://example.org": web,
                "vision.example.org": encrypted,
            },
            folder,
        )
        yield session
        for value in session.names.values():
            if isinstance(value, sightline.Client):
                value.close()


def shown(code: str) -> str:
    """What the comments behind prints and right below them show."""
    lines: list[str] = []
    goes_on = False
    for line in code.splitlines():
        found = PRINT.fullmatch(line) or (MORE.fullmatch(line) if goes_on else None)
        goes_on = found is not None
        lines += [found[1]] if found and found[1] else []
    return "\n".join(lines)


def matches(expected: str, printed: str) -> bool:
    """Whether both are the same but for white space, what "…" leaves out, and the third decimal of numbers.

    Training on another machine moves that.
    """
    words = [re.escape(word).replace("…", ".*") for word in rounded(expected).split()]
    return re.fullmatch(" ".join(words), " ".join(rounded(printed).split())) is not None


def rounded(text: str) -> str:
    return re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", text)


@pytest.mark.parametrize("number", range(len(SESSION)), ids=lambda number: f"block {number + 1}")
def test_the_python_of_the_guide_runs_and_prints_what_it_shows(session: Session, number: int) -> None:
    printed = session.output_of(number)
    expected = session.translated(shown(SESSION[number]))
    assert matches(expected, printed), f"{SESSION[number]}\nprinted\n{printed}"


SHELL = [
    (code, BLOCKS[place + 1][1] if BLOCKS[place + 1 :] and BLOCKS[place + 1][0] == "text" else None)
    for place, (name, code) in enumerate(BLOCKS)
    if name == "sh" and not code.startswith("pip install")
]


@pytest.mark.parametrize(("code", "output"), SHELL, ids=[code.splitlines()[0] for code, _ in SHELL])
def test_the_commands_of_the_guide_run_and_print_what_it_shows(session: Session, code: str, output: str | None) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", session.translated(code)],
        cwd=session.folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
    assert output is None or matches(output, done.stdout), f"{code}\nprinted\n{done.stdout}"


COMMANDS = sorted(set(re.findall(r"^sightline .*$|(?<=`)sightline [^`]+(?=`)", TEXT, re.MULTILINE)))


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_that_the_guide_names_has_these_options(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command = main.get_command(click.Context(main), words[0])
    assert command is not None, f"there is no command {words[0]}"
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("-") and word != "-"} <= options | {"--help"}


def test_the_guide_names_every_command_and_option_of_the_client() -> None:
    missing: set[str] = set()
    for name, command in main.commands.items():
        options = {parameter.opts[0] for parameter in command.params if isinstance(parameter, click.Option)}
        missing |= {name for name in {f"sightline {name}", *options} if f"{name}" not in TEXT}
    assert not missing


def test_the_guide_shows_every_method_and_every_error() -> None:
    methods = [name for name in vars(sightline.Client) if not name.startswith("_") and name != "url"]
    assert [name for name in methods if f"client.{name}(" not in TEXT] == []
    errors = [name for name in sightline.__all__ if issubclass_of_error(getattr(sightline, name))]
    assert [name for name in errors if f"`{name}`" not in TEXT] == []


def issubclass_of_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, sightline.SightlineError)
