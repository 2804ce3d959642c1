"""The results as a Markdown table, put between two marks of docs/export.md."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.export.run import STEPS, Result

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
            _table(
                ("source", "pixels", "million parameters", "MB", "build", "write", "verify", "serve", "in all"), times
            ),
            "Largest difference from PyTorch, as a share of what is allowed (1e-3 of the largest score, 1e-3 of "
            "the largest logit); median milliseconds for one picture:",
            _table(("source", *results[0].parity, "graph alone, ms", "served from files, ms"), answers),
        )
    )


def write_report(path: Path, results: Sequence[Result]) -> None:
    """Put the tables between the marks of the document."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise RuntimeError(f"expected the marks {BEGIN} and {END} in {path}, got another document")
    beside = path.with_suffix(".partial")
    beside.write_text(f"{before}{BEGIN}\n\n{document(results)}\n\n{END}{after}")
    beside.replace(path)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])
