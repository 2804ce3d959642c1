"""Exports and verifies networks that people know, with random weights: `python -m benchmarks.export`; see README.md."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.export.report import document, write_report
from benchmarks.export.run import Result, export_one

SOURCES = (
    "torchvision:vgg16",
    "torchvision:resnet50",
    "torchvision:inception_v3",
    "torchvision:vit_b_16",
    "timm:convnext_tiny",
    "timm:efficientnet_b0",
)
MAX_BATCH_SIZE = 8
DOCUMENT = Path("docs/export.md")
RESULTS = Path("build/benchmarks/export.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="*", default=SOURCES)
    parser.add_argument("--no-report", action="store_true", help=f"leave {DOCUMENT} as it is")
    arguments = parser.parse_args()
    results: list[Result] = []
    for source in arguments.sources:
        with tempfile.TemporaryDirectory(prefix="sightline-benchmark-") as scratch:
            results.append(export_one(source, Path(scratch), MAX_BATCH_SIZE))
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    print(document(results))
    if not arguments.no_report:
        write_report(DOCUMENT, results)


if __name__ == "__main__":
    main()
