"""Serves the whole catalogue at once and writes docs/models.md: `python -m benchmarks.catalogue`; see README.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.catalogue.report import document
from benchmarks.catalogue.serving import serve_at_once

from sightline_export.recipe import listings, recipes
from sightline_export.record import Record, read_record
from sightline_export.repository.publish import published_versions

REPOSITORY = Path("model_repository")
DOCUMENT = Path("docs/models.md")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", type=Path, default=REPOSITORY)
    parser.add_argument("--document", type=Path, default=DOCUMENT)
    arguments = parser.parse_args()
    repository: Path = arguments.repository
    records = catalogue(repository)
    with tempfile.TemporaryDirectory(prefix="sightline-catalogue-") as scratch:
        served = serve_at_once(repository, [record.name for record in records], Path(scratch))
    place: Path = arguments.document
    beside = place.with_suffix(".partial")
    beside.write_text(document(records, served, repository, place), encoding="utf-8")
    beside.replace(place)
    print(
        f"{len(records)} models ready after {served.ready_s:.1f} s, {served.idle.rss_mib:,.0f} MiB resident, "
        f"{served.busy.rss_mib:,.0f} MiB after all answered; written to {place}"
    )
    low = [
        f"{record.name}: {figure.name} is {figure.value:.4g}, expected at least {figure.floor:.4g}"
        for record in records
        for figure in record.measurement.figures
        if not figure.holds
    ]
    if failed := (*served.failures, *low):
        sys.exit("\n".join(f"Error: {line}" for line in failed))


def catalogue(repository: Path) -> list[Record]:
    """The newest version of everything in the registry, in its order, each with what explains it."""
    names = [listed.name for exportable in recipes().values() for listed in listings(exportable)]
    ordered = [name for each in names for name in (each, f"{each}_explain") if published_versions(repository, name)]
    if missing := [name for name in names if name not in ordered]:
        sys.exit(f"Error: expected the whole catalogue in {repository}, got no {', '.join(missing)}; run: make models")
    return [read_record(repository / name / str(published_versions(repository, name)[-1])) for name in ordered]


if __name__ == "__main__":
    main()
