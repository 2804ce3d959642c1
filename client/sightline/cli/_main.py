"""The entry point: the group and its own commands."""

from __future__ import annotations

import os

import click

from sightline import __version__
from sightline.cli._errors import EXIT_CODE_HELP
from sightline.cli._group import CommandGroup
from sightline.cli.classify import classify
from sightline.cli.compare import compare
from sightline.cli.detect import detect
from sightline.cli.embed import embed
from sightline.cli.enhance import enhance
from sightline.cli.explain import explain
from sightline.cli.generate import generate
from sightline.cli.index import index
from sightline.cli.interpolate import interpolate
from sightline.cli.models import models
from sightline.cli.search import search
from sightline.cli.segment import segment


@click.group(
    cls=CommandGroup,
    epilog=EXIT_CODE_HELP,
    commands=[
        classify,
        compare,
        detect,
        embed,
        enhance,
        explain,
        generate,
        index,
        interpolate,
        models,
        search,
        segment,
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="sightline %(version)s")
def main() -> None:
    """Image models on NVIDIA Triton: send a picture, get a typed answer.

    Data goes to stdout, everything else to stderr.
    """
    # gRPC's core logs handshakes that failed, beside the one line that says so.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
