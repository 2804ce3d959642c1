"""The files of a run: every figure as JSON, tables as CSV, pictures as PNG."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from math import isfinite
from pathlib import Path
from typing import Any

from sightline_server.bench.interval import MedianInterval
from sightline_server.bench.plot.chart import draw
from sightline_server.bench.plot.from_summaries import charts
from sightline_server.bench.points import Point
from sightline_server.bench.stages import Stage
from sightline_server.bench.summary import Summary
from sightline_server.bench.sweep import Sample
from sightline_server.errors import FileError

FORMAT = 1
"""Counts changes of `bench.json` that a reader of it has to know of."""


def write_report(
    directory: Path,
    summaries: Sequence[Summary],
    samples: Sequence[Sample],
    circumstances: Mapping[str, object],
    stability_percent: float,
) -> tuple[Path, ...]:
    """Writes all files, each beside itself and renamed; returns their paths.

    Args:
        directory: Where they go; there already.
        summaries: One per point.
        samples: What they are made of.
        circumstances: What else belongs into the JSON: machine, versions, settings, models.
        stability_percent: How far windows may differ, for the legend of the plots.

    Raises:
        FileError: A file cannot be written.
    """
    contents = {
        "bench.json": json_text(summaries, samples, circumstances).encode(),
        "loads.csv": csv_text(map(load_record, summaries)).encode(),
        "stages.csv": csv_text(record for each in summaries for record in stage_records(each)).encode(),
    }
    for (model, loop), chart in charts(summaries, stability_percent).items():
        png = io.BytesIO()
        draw(chart).save(png, "PNG")
        contents[f"{file_stem(model)}-{loop.value}.png"] = png.getvalue()
    return tuple(write(directory / name, content) for name, content in contents.items())


def require_directory(directory: Path) -> None:
    """Makes it, before anything is measured.

    Raises:
        FileError: That is not possible, or nothing can be written there.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".bench"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise FileError(f"{directory} cannot be written: {error.strerror}. Name another folder with -o.") from error


def write(path: Path, content: bytes) -> Path:
    beside = path.with_name(f".{path.name}")
    try:
        beside.write_bytes(content)
        return beside.replace(path)
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}. Name another folder with -o.") from error


def file_stem(model: str) -> str:
    """A model's name, which a server may have chosen to do harm, as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", model).lstrip(".") or "_"


def json_text(summaries: Sequence[Summary], samples: Sequence[Sample], circumstances: Mapping[str, object]) -> str:
    content = {
        "format": FORMAT,
        **circumstances,
        "loads": [load_object(each) for each in summaries],
        "samples": [sample_object(each) for each in samples],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def load_object(summary: Summary) -> dict[str, Any]:
    throughput = summary.throughput_per_s
    return {
        **point_record(summary.point),
        "rounds": summary.rounds,
        "throughput_per_s": asdict(throughput) if throughput else None,
        "latency_ms": {f"p{percent}": asdict(each) for percent, each in summary.percentiles_ms.items()},
        **judgement(summary),
        "stages": [asdict(each) for each in summary.stages],
        "failures": list(summary.failures),
    }


def sample_object(sample: Sample) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if sample.figures:
        measurement, log = sample.figures.measurement, sample.figures.log
        figures = {
            "throughput_per_s": measurement.throughput_per_s,
            "mean_ms": measurement.mean_ms,
            "latency_ms": {f"p{percent}": value for percent, value in measurement.percentiles_ms.items()},
            "windows": [asdict(each) for each in log.windows],
            "late_percent": log.late_percent,
            "is_behind": log.is_behind,
        }
    counters = {model: asdict(each) for model, each in sample.counters.items()}
    failure = {"failure": sample.failure} if sample.failure else {}
    return {"round": sample.round, **point_record(sample.point), **figures, **failure, "triton": counters}


def load_record(summary: Summary) -> dict[str, object]:
    latencies = summary.percentiles_ms.items()
    throughput = bounds("throughput_per_s", summary.throughput_per_s)
    confidence = summary.throughput_per_s.confidence if summary.throughput_per_s else ""
    record = {**point_record(summary.point), "rounds": summary.rounds, "confidence": confidence, **throughput}
    for percent, interval in latencies:
        record |= bounds(f"p{percent}_ms", interval)
    return record | judgement(summary)


def stage_records(summary: Summary) -> list[dict[str, object]]:
    names = [field.name for field in fields(Stage) if field.name != "model"]
    return [
        {**point_record(summary.point), "step": stage.model, **{name: getattr(stage, name) for name in names}}
        for stage in summary.stages
    ]


def point_record(point: Point) -> dict[str, object]:
    return {
        "model": point.model,
        "protocol": point.protocol,
        "loop": point.load.loop.value,
        "load": point.load.value,
        "shared_memory": point.shared_memory,
    }


def judgement(summary: Summary) -> dict[str, object]:
    return {
        "unstable_rounds": summary.unstable_rounds,
        "spread_percent": summary.spread_percent if isfinite(summary.spread_percent) else None,
        "late_percent": summary.late_percent,
        "is_behind": summary.is_behind,
        "failed_requests": summary.failed_requests,
    }


def bounds(name: str, interval: MedianInterval | None) -> dict[str, object]:
    if interval is None:
        return {name: "", f"{name}_low": "", f"{name}_high": ""}
    return {name: interval.median, f"{name}_low": interval.low, f"{name}_high": interval.high}


def csv_text(records: Any) -> str:
    """A CSV with a header; columns that some records lack are empty there."""
    rows: list[dict[str, object]] = list(records)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
