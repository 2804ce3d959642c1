"""`sightline models`: what a server serves."""

from __future__ import annotations

import dataclasses

import click

from sightline.cli._options import Server, server_options
from sightline.cli._output import print_json, print_table
from sightline.results import TensorInfo


@click.command()
@click.option("--all", "show_all", is_flag=True, help="Also list the steps that other models are made of.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@server_options
def models(*, show_all: bool, as_json: bool, server: Server) -> None:
    """List the models of a server, with their tasks.

    \b
    EXAMPLES
      sightline models
      sightline models --all --json --url grpc://localhost:8001
    """
    with server.connect() as client:
        found = [model for model in client.models() if show_all or model.task]
    if not found:
        click.echo(
            f"{server.url} serves no model{'' if show_all else ' with a task; --all lists every model'}.", err=True
        )
    if as_json:
        for model in found:
            print_json(dataclasses.asdict(model))
        return
    print_table(
        ("model", "task", "version", "labels", "inputs", "outputs"),
        [
            (
                model.name,
                model.task or "-",
                str(model.version),
                str(len(model.labels)) if model.labels else "-",
                _listed(model.inputs),
                _listed(model.outputs),
            )
            for model in found
        ],
    )


def _listed(tensors: tuple[TensorInfo, ...]) -> str:
    return ", ".join(str(tensor) for tensor in tensors)
