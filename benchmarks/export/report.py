"""The results as a Markdown table, put between two marks of docs/export.md."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.export.run import STEPS, Result
from benchmarks.markdown import markdown_table, write_between

from sightline_export.latency import machine

BEGIN, END = "<!-- benchmark-export: begin -->", "<!-- benchmark-export: end -->"
LIBRARIES = ("torch", "torchvision", "timm", "onnx", "onnxruntime")


def document(results: Sequence[Result]) -> str:
    """Two tables: time and size, and parity."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    times = [
        (
            f"`{result.source}`",
            f"`{result.pixels}`",
            f"{result.parameters / 1e6:.1f}",
            f"{result.graph_mb:.0f}",
            *(f"{result.step_s[step]:.0f}" for step in STEPS[:4]),
            f"{result.total_s:.0f}",
        )
        for result in results
    ]
    answers = [
        (
            f"`{result.source}`",
            *(f"{100 * difference / tolerance:.2g} %" for difference, tolerance in result.parity.values()),
            *(f"{milliseconds:.3g}" for milliseconds in result.latency_ms.values()),
        )
        for result in results
    ]
    return "\n\n".join(
        (
            f"Measured on {date.today().isoformat()} on {machine()}, Python {platform.python_version()}, {libraries}. "
            "Random weights, batch 1, 2, 3 and 8. Seconds until each step was done:",
            markdown_table(
                ("source", "pixels", "million parameters", "MB", "build", "write", "verify", "serve", "in all"), times
            ),
            "Largest difference from PyTorch, as a share of what is allowed (1e-3 of the largest score, 1e-3 of "
            "the largest logit); median milliseconds for one picture:",
            markdown_table(("source", *results[0].parity, "graph alone, ms", "served from files, ms"), answers),
        )
    )


def write_report(path: Path, results: Sequence[Result]) -> None:
    """Put the tables between the marks of the document."""
    write_between(path, BEGIN, END, document(results))
