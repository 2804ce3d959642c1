"""The `sightline` command: one file per subcommand; other distributions add theirs as entry points."""

from sightline.cli._main import main

__all__ = ["main"]
