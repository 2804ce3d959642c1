"""`sightline verify`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline_export.cli.options import errors_end_with_their_code, repository_option

if TYPE_CHECKING:
    from sightline_export.verification.parity import Parity


@click.command(
    epilog="Exit codes: 0 the answers agree, 4 no server answers, 6 no such model, 12 not a usable repository, "
    "14 an answer differs."
)
@click.argument("name")
@repository_option
@click.option(
    "--version", type=click.IntRange(min=1), help="Version; an older one needs --no-serve.  [default: the newest]"
)
@click.option("--url", metavar="grpc://HOST:PORT", help="A running server.  [default: one is started]")
@click.option("--api-key", metavar="KEY", envvar="SIGHTLINE_API_KEY", help="Key for the running server.")
@click.option("--no-serve", is_flag=True, help="Ask ONNX Runtime only.")
@errors_end_with_their_code
def verify(
    name: str, repository: Path, version: int | None, url: str | None, api_key: str | None, no_serve: bool
) -> None:
    """Hold a published model against the answers that PyTorch gave when it was exported.

    The same pictures, of several sizes and modes, go through ONNX Runtime in this process and through a server.
    """
    if url is not None and not url.startswith(("grpc://", "grpcs://")):
        raise click.UsageError(f"expected an address like grpc://localhost:8001 as --url, got {url!r}")

    from sightline_export.errors import VerificationFailed
    from sightline_export.repository.published import read_published
    from sightline_export.signature import TensorSpec
    from sightline_export.verification.again import verify_again
    from sightline_export.verification.service import connected, started

    published = read_published(repository, name, version)
    if published.version != published.newest and not no_serve:
        raise click.UsageError(
            f"expected --no-serve with an older version, got version {version} of {name}, whose newest is "
            f"{published.newest}: a server answers with the newest network, so it can't be asked; add --no-serve"
        )
    cases, folder = published.cases()
    click.echo(
        f"{name} version {published.version}: {len(cases)} requests with PyTorch's answers, from {folder}", err=True
    )
    rows = list(verify_again(published, cases, published.in_process(), "ONNX Runtime"))
    if not no_serve:
        outputs = [TensorSpec(output, "BYTES", (1,)) for output in cases[0].outputs]
        with connected(url, api_key) if url else started(repository, [name]) as service:
            runtime = service.runtime(name, outputs, published.version)
            rows += verify_again(published, cases, runtime, service.name())
    show(rows)
    failed = [row for row in rows if not row.holds]
    if failed:
        where = f"{failed[0].output} of {failed[0].runtime} at batch {failed[0].batch}"
        raise VerificationFailed(
            f"expected the answers of the export, got another {where}: {failed[0].difference:.3g} apart, allowed is "
            f"{failed[0].tolerance:.3g}; find the reason with: sightline explain-difference {name} PICTURE"
        )


def show(rows: Iterable[Parity]) -> None:
    """A table on a terminal, else lines with tabs."""
    from rich.console import Console
    from rich.table import Table

    header = ("runtime", "output", "batch", "difference", "allowed", "")
    cells = [
        (
            row.runtime,
            row.output,
            str(row.batch),
            f"{row.difference:.2g}",
            f"{row.tolerance:.2g}",
            "ok" if row.holds else "DIFFERS",
        )
        for row in rows
    ]
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        for row in cells:
            click.echo("\t".join(row))
        return
    table = Table(*header)
    for row in cells:
        table.add_row(*row)
    console.print(table)
