"""The benchmark of the client runs, checks every answer and writes its figures. How fast it was is not asked here."""

import json
import subprocess
import sys
from pathlib import Path

from serving import ROOT, Service

GENERATORS = {"perf_analyzer", "Client", "AsyncClient", "tritonclient with threads", "tritonclient.aio"}


def test_every_generator_is_measured_over_both_protocols(service: Service, tmp_path: Path) -> None:
    addresses = ["--http", service.http_url.partition("://")[2], "--grpc", service.grpc_url.partition("://")[2]]
    few = ["--pictures", "60", "--rounds", "2", "--calls", "20", "--window", "200"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.client", *addresses, *few, "--output", str(tmp_path / "figures.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # it ends with 1 where a target is missed, which says nothing after so few pictures
    assert done.returncode == 0 or done.stderr.splitlines()[-1].startswith("Not reached:"), done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    expected = {f"{name}, {protocol}" for name in GENERATORS for protocol in ("grpc", "http")}
    assert [set(each) for each in figures["rounds"]] == [expected, expected]
    assert set(figures["summary"]) == expected
    assert set(figures["overhead"]) == {name for name in expected if name.startswith(("Client", "AsyncClient"))}
    assert all(rate["per_s"] > 0 for each in figures["rounds"] for rate in each.values())
