"""Where the waterfall goes: stdout and files."""

import io
import os
import sys
from pathlib import Path

from sightline_server.errors import FileError
from sightline_server.tracing.report import as_json, print_waterfall
from sightline_server.tracing.waterfall import Waterfall

STDOUT = Path("-")


def write_reports(waterfall: Waterfall, json_path: Path | None, png_path: Path | None) -> None:
    """Print the waterfall, or its JSON where that is to go to `-`, and write the files that are wanted.

    Raises:
        FileError: A file cannot be written.
    """
    if json_path == STDOUT:
        sys.stdout.write(as_json(waterfall))
    else:
        print_waterfall(waterfall, sys.stdout)
        if json_path is not None:
            replace_file(json_path, as_json(waterfall).encode())
    if png_path is not None:
        from sightline_server.tracing.drawing import drawn

        png = io.BytesIO()
        drawn(waterfall).save(png, "PNG")
        replace_file(png_path, png.getvalue())


def replace_file(path: Path, content: bytes) -> None:
    """Write beside, then rename: whoever reads the file meanwhile sees the old one or the whole new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise FileError(f"{path} cannot be written: {error.strerror or error}. Name another file.") from error
