"""What Triton and the Python processes wrote while requests were traced."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sightline_server.errors import TritonError
from sightline_server.tracing.stages import ModelTrace, Span


def traces_from_json(text: str) -> list[ModelTrace]:
    """Read the file of Triton's trace mode `triton`: a list of notes, several for one trace.

    Traces without the name of a model, of which Triton lost the beginning, are left out.

    Raises:
        TritonError: it is not such a file.

    >>> traces_from_json('[{"id": 1, "model_name": "cnn", "request_id": "7"},'
    ...     ' {"id": 1, "timestamps": [{"name": "REQUEST_START", "ns": 5}]}]')[0].times_ns
    {'REQUEST_START': 5}
    """
    about: dict[int, dict[str, Any]] = {}
    times_ns: dict[int, dict[str, int]] = {}
    try:
        for note in json.loads(text):
            about.setdefault(int(note["id"]), {}).update(note)
            noted = times_ns.setdefault(int(note["id"]), {})
            noted.update((str(time["name"]), int(time["ns"])) for time in note.get("timestamps", ()))
        return [
            ModelTrace(
                id=number,
                parent_id=int(note["parent_id"]) if "parent_id" in note else None,
                request_id=str(note.get("request_id", "")),
                model=str(note["model_name"]),
                times_ns=times_ns[number],
            )
            for number, note in about.items()
            if "model_name" in note
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TritonError(
            f"expected a list of traces from tritonserver, got what cannot be read ({type(error).__name__}: {error})."
        ) from error


def traces_by_request(traces: Iterable[ModelTrace]) -> dict[str, tuple[ModelTrace, ...]]:
    """The traces of each request by its id: that of the model that was asked, and those of its steps."""
    found = list(traces)
    by_id = {trace.id: trace for trace in found}
    grouped: dict[str, list[ModelTrace]] = {}
    for trace in found:
        root = trace
        while root.parent_id in by_id:
            root = by_id[root.parent_id]
        grouped.setdefault(root.request_id, []).append(trace)
    return {request: tuple(group) for request, group in grouped.items()}


def spans_from_lines(lines: Iterable[str], model: str) -> list[Span]:
    """Read the spans that a process of one model wrote; a last line that it did not finish is left out.

    >>> spans_from_lines(['{"stage": "decode", "start_ns": 3, "end_ns": 5}', '{"stage": "res'], "pixels")
    [Span(stage='decode', model='pixels', start_ns=3, end_ns=5)]
    """
    spans: list[Span] = []
    for line in lines:
        try:
            noted = json.loads(line)
            spans.append(Span(str(noted["stage"]), model, int(noted["start_ns"]), int(noted["end_ns"])))
        except ValueError:
            continue
    return spans


def read_spans(folder: Path, models: Mapping[int, str]) -> list[Span]:
    """Read the files `<process id>.jsonl` of a folder; those of processes that are not in `models` are left out."""
    return [
        span
        for pid, model in models.items()
        if (path := folder / f"{pid}.jsonl").exists()
        for span in spans_from_lines(path.read_text().splitlines(), model)
    ]
