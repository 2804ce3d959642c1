"""What `sightline tune` prints and writes."""

import sys
from pathlib import Path

from sightline_server.bench.table import print_table
from sightline_server.errors import FileError
from sightline_server.model_config import read_config_file
from sightline_server.tuned import tuned_file, variant_files
from sightline_server.tuning.arranged import arranged, file_text
from sightline_server.tuning.explanation import explanation
from sightline_server.tuning.outcome import Outcome
from sightline_server.tuning.report import header, json_text, load_table, table

STANDARD_OUTPUT = Path("-")


def publish(outcome: Outcome, json_path: Path | None) -> Path:
    """Prints the choice, and writes it beside the other configurations of the model.

    json_path: gets everything as JSON; `-` is stdout, which then has nothing else.

    Raises:
        FileError: A file cannot be written.
    """
    if json_path is not None and json_path != STANDARD_OUTPUT:
        write(json_path, json_text(outcome))
    folder = outcome.options.repository / outcome.options.model
    chosen = outcome.decision.chosen
    exported = read_config_file(variant_files(folder)[chosen.config_name], folder.name)
    path = write(tuned_file(folder), file_text(arranged(exported, chosen), header(outcome)))
    if json_path == STANDARD_OUTPUT:
        print(json_text(outcome), end="", flush=True)
        return path
    print_table(load_table(outcome), sys.stdout)
    print()
    print_table(table(outcome), sys.stdout)
    print()
    print("\n".join(explanation(outcome)), flush=True)
    return path


def write(path: Path, text: str) -> Path:
    """Beside, then renamed."""
    beside = path.with_name(f".{path.name}")
    try:
        path.parent.mkdir(exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        return beside.replace(path)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}. Make its folder writable.") from error
