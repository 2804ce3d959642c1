"""The code blocks of the READMEs, run as they stand against the served models of this checkout."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import ROOT, Service

READMES = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(ROOT.glob("*/README.md"))}
README = READMES["README.md"] = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SET_UP = re.compile(r"^(git clone|cd |make |docker |cp |\. \.venv)")


def is_set_up(block: str) -> bool:
    """Whether every command of a block sets the machine up, as `make test` itself did before this test."""
    return all(SET_UP.match(line) for line in block.splitlines() if line.strip() and not line.startswith("#"))


def blocks(language: str) -> list[str]:
    found = (block for text in READMES.values() for block in BLOCK.findall(text))
    return [code for name, code in found if name == language and not is_set_up(code)]


@pytest.fixture
def newcomer(tmp_path: Path) -> Path:
    """A folder with the pictures that the READMEs name, which are golden ones."""
    golden = ROOT / "model_repository" / "cnn" / "1" / "golden"
    shutil.copyfile(golden / "digit-3.png", tmp_path / "digit.png")
    shutil.copyfile(golden / "digit-0.jpg", tmp_path / "digit.jpg")
    return tmp_path


def run(command: list[str], code: str, folder: Path, service: Service) -> str:
    for port, url in ((8000, service.http_url), (8001, service.grpc_url)):
        code = code.replace(f"localhost:{port}", urlsplit(url).netloc)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "SIGHTLINE_URL": service.http_url}
    done = subprocess.run(
        [*command, code], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("code", blocks("python"))
def test_python_blocks_run(code: str, newcomer: Path, service: Service) -> None:
    run([sys.executable, "-c"], code, newcomer, service)


@pytest.mark.parametrize("code", blocks("bash"))
def test_shell_blocks_run(code: str, newcomer: Path, service: Service) -> None:
    assert run(["bash", "-euo", "pipefail", "-c"], code, newcomer, service)


def test_the_answers_in_the_readme_are_right(newcomer: Path, service: Service) -> None:
    command, curl = (block for block in blocks("bash") if "digit.png" in block)
    assert re.search(r"^digit\.png +3 ", run(["bash", "-euc"], command, newcomer, service), re.MULTILINE)
    rows = [line.split() for line in run(["bash", "-euc"], curl, newcomer, service).splitlines()]
    assert max(rows, key=lambda row: float(row[1]))[0] == "3"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE))))
def test_every_make_target_that_is_named_exists(target: str) -> None:
    # -n prints what would be done; a target that is not there is an error.
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


LINKS = [
    (file, link)
    for file, text in (READMES | {f"docs/{path.name}": path.read_text() for path in ROOT.glob("docs/*.md")}).items()
    for link in re.findall(r"\]\(([^)#:]+)\)", text)
]


@pytest.mark.parametrize(("file", "link"), LINKS)
def test_every_link_leads_somewhere(file: str, link: str) -> None:
    assert ((ROOT / file).parent / link).exists()
