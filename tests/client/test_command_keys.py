"""Keys and certificates of the command: they reach the server, and are never shown."""

import http.server
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner, Result

from sightline.cli import main

COMMANDS = ("classify", "detect", "embed", "enhance", "explain", "generate", "models", "segment")
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGHTLINE_URL", raising=False)
    monkeypatch.delenv("SIGHTLINE_API_KEY", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("way", ["option", "environment"])
def test_the_key_is_never_shown(name: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture = tmp_path / "a.png"
    picture.write_bytes(b"picture")
    arguments = {"models": [], "generate": ["--seed", "1"], "embed": [str(picture), "--model", "x"]}
    asked = [name, *arguments.get(name, [str(picture)]), *(["-o", "out"] if name in ("classify", "enhance") else [])]
    for key in ("S3CRET", "S3CRET\nsplit", "S3CRÉT"):
        if way == "environment":
            monkeypatch.setenv("SIGHTLINE_API_KEY", key)
        for more in (["--help"], ["--retires", "1"], ["--url", NOBODY], ["--url", NOBODY, "--key-file", "missing.pem"]):
            result = run(*asked, *(["--api-key", key] if way == "option" else []), *more)
            assert "S3CR" not in result.output
            assert result.exit_code != 1
    assert not any(b"S3CR" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ca-file", "x.pem"], "expected an encrypted address for ca_file, got http://127.0.0.1:1; "),
        (["--ca-file", "x.pem", "--url", "https://h"], "expected ca_file to be a file, got 'x.pem'; check the path"),
        (["--key-file", "x.pem", "--url", "grpcs://h"], "expected certificate_file beside key_file, got a key alone"),
    ],
)
def test_certificates_that_cannot_work_are_one_line_and_exit_code_8(options: list[str], message: str) -> None:
    result = run("models", "--url", NOBODY, *options)
    assert (result.exit_code, result.stdout) == (8, "")
    assert result.stderr.startswith(f"Error: {message}")
    assert len(result.stderr.splitlines()) == 1


class Doorkeeper(http.server.BaseHTTPRequestHandler):
    """Refuses everything, as a gateway does with a wrong key."""

    keys: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.keys.append(self.headers["Authorization"])
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_a_key_is_sent_and_a_wrong_one_ends_the_run_at_once(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"picture")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Doorkeeper) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        result = run("classify", str(tmp_path), "--url", url, "--api-key", "S3CRET")
        server.shutdown()
    assert Doorkeeper.keys
    assert set(Doorkeeper.keys) == {"Bearer S3CRET"}
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (8, "", 1)
