"""The command, without a server: usage, files that cannot be read, nobody listening, other distributions."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sightline
from sightline.cli import _errors as cli_errors
from sightline.cli import main
from sightline.cli._output import aligned

COMMANDS = ("classify", "detect", "embed", "enhance", "explain", "generate", "models", "segment")
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGHTLINE_URL", raising=False)
    monkeypatch.delenv("SIGHTLINE_API_KEY", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_version_is_that_of_the_package() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"sightline {sightline.__version__}\n", "")


def test_the_help_lists_the_commands_and_every_exit_code() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for line in (*(f"  {name}  " for name in COMMANDS), "Exit codes:", "  0  everything", " 16  export"):
        assert line in result.stdout
    for code in cli_errors.EXIT_CODES.values():
        assert f"\n    {code:>2}  " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["clasify"], "Error: No such command 'clasify'. Did you mean 'classify'?"),
        (["zzz"], "Error: No such command 'zzz'. See 'sightline --help' for all commands."),
        (["classify", "--modle", "x", "a"], "Error: No such option '--modle'. Did you mean '--model'?"),
        (["classify"], "Error: Missing argument 'IMAGE...'."),
        (["classify", "--top-k", "0", "a"], "Error: Invalid value for '--top-k': 0 is not in the range x>=1."),
        (["generate"], "Error: Missing option '--seed'."),
        (["generate", "--seed", "x"], "Error: Invalid value for '--seed': 'x' is not a valid integer."),
        (["detect", "--treshold", "1", "a"], "Error: No such option '--treshold'. Did you mean '--threshold'?"),
        (
            ["detect", "--threshold", "2", "a"],
            "Error: Invalid value for '--threshold': 2.0 is not in the range 0<=x<=1.",
        ),
        (
            ["segment", "--concurrency", "0", "a"],
            "Error: Invalid value for '--concurrency': 0 is not in the range x>=1.",
        ),
        (["embed", "a"], "Error: Missing option '--model'."),
        (["enhance", "a"], "Error: Missing option '-o' / '--output': the folder for the pictures."),
        (["explain", "--class-id", "-1", "a"], "Error: Invalid value for '--class-id': -1 is not in the range x>=0."),
        (
            ["detect", "--resume", "a"],
            "Error: expected -o DIR beside --resume, got none; name the folder of the run to go on with",
        ),
        (
            ["detect", "--resume", "-o", "out", "-"],
            "Error: expected files, folders or addresses with --resume, got -; "
            "nobody can tell whether stdin holds the same as last time",
        ),
        (
            ["detect", "-o", "photos/../out", "out"],
            "Error: expected another folder for the answers than for the pictures, got photos/../out for both; "
            "change -o",
        ),
        (["models", "--timeout", "0"], "Error: Invalid value for '--timeout': 0.0 is not in the range x>0."),
    ],
)
def test_wrong_usage_names_the_mistake_and_ends_with_2(arguments: list[str], line: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == line


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_shows_examples_and_the_options_of_the_server(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"\n  EXAMPLES\n    sightline {name}" in result.stdout
    for option in ("--url", "--timeout", "--retries", "--api-key", "--ca-file", "--certificate-file", "--key-file"):
        assert f"\n  {option} " in result.stdout


def test_an_unusable_url_is_wrong_usage() -> None:
    result = run("models", "--url", "ftp://host")
    assert result.exit_code == 2
    assert "expected http://HOST[:8000]" in result.stderr.splitlines()[-1]
    assert "got 'ftp://host'" in result.stderr.splitlines()[-1]


def test_files_that_cannot_be_read_get_a_line_each_and_exit_code_3(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    (tmp_path / "folder").mkdir()
    words = [str(tmp_path / name) for name in ("missing.jpg", "folder", "*.gif", "empty.jpg")]
    result = run("classify", *words, "--url", NOBODY)
    assert (result.exit_code, result.stdout) == (3, "")
    directory, pattern, missing, nothing = result.stderr.splitlines()
    assert directory.startswith(
        f"Error: {tmp_path}/folder: expected pictures in this folder, found no file that ends in"
    )
    assert pattern.startswith(f"Error: {tmp_path}/*.gif: expected files that match this pattern, found none; ")
    assert missing.startswith(f"Error: {tmp_path}/missing.jpg: no such file: ")
    assert nothing.startswith(f"Error: {empty}: expected the bytes of a picture, got 0 bytes ")


@pytest.mark.parametrize("arguments", [["classify", "-"], ["generate", "--seed", "1"], ["models"]])
@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_nobody_listening_is_one_line_and_exit_code_4(arguments: list[str], scheme: str) -> None:
    result = CliRunner().invoke(main, [*arguments, "--url", f"{scheme}://127.0.0.1:1"], input=b"picture")
    assert (result.exit_code, result.stdout) == (4, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: no inference server answers at {scheme}://127.0.0.1:1: ")
    assert "Connection refused" in line
    assert line.endswith("start one with `sightline serve`, or give its address with url= or SIGHTLINE_URL")


def test_a_fault_that_every_picture_would_meet_is_reported_once(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"picture")
    files = [str(tmp_path / name) for name in ("missing.jpg", "a.jpg", "b.jpg")]
    result = run("classify", *files, "--url", NOBODY)
    assert result.exit_code == 3  # that of the first failure
    assert [line[:20] for line in result.stderr.splitlines()] == [f"Error: {files[0]}"[:20], "Error: no inference "]


def test_every_error_has_its_own_exit_code_but_that_files_share_one() -> None:
    kinds = {
        each
        for each in vars(sightline).values()
        if isinstance(each, type) and issubclass(each, sightline.SightlineError)
    }
    assert set(cli_errors.EXIT_CODES) == kinds
    codes = {kind: code for kind, code in cli_errors.EXIT_CODES.items() if kind is not sightline.IndexUnusable}
    assert len(set(codes.values())) == len(codes)
    assert cli_errors.EXIT_CODES[sightline.IndexUnusable] == codes[sightline.ImageError]
    for kind in kinds:
        assert cli_errors.exit_code_of(kind("x")) == cli_errors.EXIT_CODES[kind]

    class Later(sightline.ModelNotFound):
        pass

    assert cli_errors.exit_code_of(Later("x")) == 6


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another distribution, installed for real on a path of its own."""
    info = tmp_path / "other-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (tmp_path / "other_commands.py").write_text(
        "import click\n\n@click.command()\ndef hello():\n    '''Say hello.'''\n    click.echo('hello')\n"
        "\n@click.command()\ndef stuck():\n    raise KeyboardInterrupt\n"
    )
    (info / "entry_points.txt").write_text(
        "[sightline.commands]\n"
        "hello = other_commands:hello\n"
        "stuck = other_commands:stuck\n"
        "broken = other_module_that_is_missing:command\n"
        "number = math:pi\n"
        "models = math:pi\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("plugins")
def test_commands_of_other_distributions_appear_and_run() -> None:
    listing = run("--help").stdout
    assert "\nCommands of other:\n" in listing
    assert "Say hello." in listing
    result = run("hello")
    assert (result.exit_code, result.stdout) == (0, "hello\n")


@pytest.mark.usefixtures("plugins")
def test_ctrl_c_in_any_command_is_exit_code_130() -> None:
    result = run("stuck")
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "Interrupted.\n")


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken", "ModuleNotFoundError: No module named 'other_module_that_is_missing'"),
        ("number", "expected a click command at math:pi, got float"),
    ],
)
def test_a_broken_command_of_another_distribution_says_why_and_disturbs_nothing(name: str, reason: str) -> None:
    listing = run("--help")
    assert listing.exit_code == 0
    assert "(unavailable: " in listing.stdout
    assert run("hello").exit_code == 0
    result = run(name, "--any", "argument")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (f"Error: the command {name!r} of other cannot be loaded ({reason}); install other again\n")


@pytest.mark.usefixtures("plugins")
def test_another_distribution_cannot_replace_a_command_of_this_one() -> None:
    assert run("models", "--help").stdout.startswith("Usage: main models")


def test_columns_are_aligned_and_lines_end_without_blanks() -> None:
    assert list(aligned([("A", "BB", "C"), ("long", "x", "")])) == ["A     BB  C", "long  x"]
