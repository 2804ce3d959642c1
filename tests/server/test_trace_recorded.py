"""What Triton and the Python processes write, as it is read again."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from serving import ROOT

from sightline_server.errors import TritonError
from sightline_server.tracing.recorded import read_spans, spans_from_lines, traces_by_request, traces_from_json
from sightline_server.tracing.stages import Span

# as tritonserver 2.51 wrote it, shortened: the notes of a request come in any order
NOTES = """[{"id":6,"timestamps":[{"name":"HTTP_RECV_START","ns":90}]},
{"id":6,"model_name":"cnn","model_version":1,"request_id":"request-0"},
{"id":6,"timestamps":[{"name":"REQUEST_START","ns":100}]},
{"id":7,"model_name":"pixels","model_version":1,"request_id":"request-0","parent_id":6},
{"id":7,"timestamps":[{"name":"QUEUE_START","ns":110}]},{"id":7,"timestamps":[{"name":"COMPUTE_START","ns":120}]},
{"id":6,"timestamps":[{"name":"REQUEST_END","ns":200}]},
{"id":9,"model_name":"cnn","model_version":1,"request_id":"request-1"},
{"id":10,"model_name":"pixels","model_version":1,"parent_id":9},{"id":11,"model_name":"tiles","parent_id":10}]"""


def test_the_notes_of_a_trace_are_put_together() -> None:
    cnn, pixels = traces_from_json(NOTES)[:2]
    assert (cnn.id, cnn.parent_id, cnn.model, cnn.request_id) == (6, None, "cnn", "request-0")
    assert cnn.times_ns == {"HTTP_RECV_START": 90, "REQUEST_START": 100, "REQUEST_END": 200}
    assert (pixels.parent_id, pixels.times_ns) == (6, {"QUEUE_START": 110, "COMPUTE_START": 120})


def test_the_traces_of_a_request_are_found_by_its_id_down_to_the_steps_of_steps() -> None:
    grouped = traces_by_request(traces_from_json(NOTES))
    assert {request: sorted(trace.id for trace in traces) for request, traces in grouped.items()} == {
        "request-0": [6, 7],
        "request-1": [9, 10, 11],
    }


def test_a_trace_whose_beginning_was_lost_is_left_out() -> None:
    assert traces_from_json('[{"id": 1, "timestamps": [{"name": "REQUEST_END", "ns": 5}]}]') == []


@pytest.mark.parametrize("text", ["", "[{", "{}x", '[{"timestamps": []}]', "[7]", '[{"id": 1, "timestamps": [{}]}]'])
def test_what_is_no_list_of_traces_is_said_to_be_none(text: str) -> None:
    with pytest.raises(TritonError, match="expected a list of traces"):
        traces_from_json(text)


def test_a_last_line_that_was_not_finished_is_left_out() -> None:
    lines = ['{"stage": "decode", "start_ns": 1, "end_ns": 2, "pid": 3, "thread": 4}', '{"stage": "res']
    assert spans_from_lines(lines, "pixels") == [Span("decode", "pixels", 1, 2)]


def run_python(program: str, folder: Path | None) -> str:
    """Run a program that may import the backends' functions, with SIGHTLINE_SPANS naming a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python_backend")}
    environment.pop("SIGHTLINE_SPANS", None)
    if folder is not None:
        environment["SIGHTLINE_SPANS"] = str(folder)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


SPANS = """
import os, threading, time
from sightline_backend.spans import span

def work(stage):
    with span(stage):
        time.sleep(0.01)

threads = [threading.Thread(target=work, args=(f"stage {n}",)) for n in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
try:
    with span("decode"):
        raise KeyError
except KeyError:
    pass
print(os.getpid())
"""


def test_a_process_notes_its_spans_where_the_environment_says_on_the_clock_of_this_process(tmp_path: Path) -> None:
    before_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    pid = int(run_python(SPANS, tmp_path))
    after_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert [path.name for path in tmp_path.iterdir()] == [f"{pid}.jsonl"]
    spans = read_spans(tmp_path, {pid: "pixels", 1: "another"})
    assert sorted(span.stage for span in spans) == ["decode", *(f"stage {n}" for n in range(8))]
    assert all(before_ns < span.start_ns <= span.end_ns < after_ns for span in spans)
    assert all(span.end_ns - span.start_ns >= 10_000_000 for span in spans if span.stage != "decode")
    noted: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / f"{pid}.jsonl").read_text().splitlines()]
    assert {note["pid"] for note in noted} == {pid}
    assert len({note["thread"] for note in noted}) > 1


def test_nothing_is_noted_unless_it_is_asked_for(tmp_path: Path) -> None:
    run_python(SPANS, None)
    assert list(tmp_path.iterdir()) == []


def test_spans_of_threads_are_whole_lines(tmp_path: Path) -> None:
    program = """
import os, threading
from sightline_backend.spans import span

def work():
    for _ in range(300):
        with span("decode"):
            pass

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(os.getpid())
"""
    pid = int(run_python(program, tmp_path))
    lines = (tmp_path / f"{pid}.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == 1200
