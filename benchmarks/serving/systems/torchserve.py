"""TorchServe with a custom handler that takes batches. Its front end is a Java program."""

from __future__ import annotations

import shutil
import subprocess

from benchmarks.serving.http_wire import post
from benchmarks.serving.running import SystemFailed
from benchmarks.serving.scenario import Scenario, Served
from benchmarks.serving.system import (
    BATCH,
    PROGRAMS,
    WAIT_MS,
    Environment,
    Launch,
    System,
    free_port,
    program_variables,
)

HANDLER = PROGRAMS / "torchserve_handler.py"
# by default it writes eight lines for each request
LOGGING = """\
<Configuration status="warn">
  <Appenders><Console name="console"/></Appenders>
  <Loggers><Root level="warn"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
"""


def java_is_missing() -> str | None:
    return None if shutil.which("java") else "expected java on PATH, got none; install a Java runtime of version 17"


def command(launch: Launch) -> list[str]:
    model, server = launch.folder / "model-config.yaml", launch.folder / "config.properties"
    model.write_text(f"minWorkers: 2\nmaxWorkers: 2\nbatchSize: {BATCH}\nmaxBatchDelay: {WAIT_MS}\n")
    addresses = {"inference": launch.port, "management": free_port(), "metrics": free_port()}
    lines = [f"{name}_address=http://127.0.0.1:{port}" for name, port in addresses.items()]
    server.write_text("\n".join([*lines, "async_logging=true", "disable_system_metrics=true"]) + "\n")
    logging = launch.folder / "log4j2.xml"
    logging.write_text(LOGGING)
    archive(launch)
    tools = launch.python.parent
    return [
        *("env", f"TEMP={launch.folder}"),  # where it unpacks the archive
        *(str(tools / "torchserve"), "--start", "--foreground", "--ncs", "--disable-token-auth"),
        *("--model-store", str(launch.folder), "--models", "classifier.mar", "--ts-config", str(server)),
        *("--log-config", str(logging)),
    ]


def archive(launch: Launch) -> None:
    """Put handler and configuration where TorchServe wants them."""
    done = subprocess.run(
        [
            *(str(launch.python.with_name("torch-model-archiver")), "--model-name", "classifier", "--version", "1.0"),
            *("--handler", str(HANDLER), "--config-file", str(launch.folder / "model-config.yaml")),
            *("--export-path", str(launch.folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=program_variables(launch),
    )
    if done.returncode != 0:
        raise SystemFailed(f"the archiver said: {done.stderr.strip()}")


def frame(_scenario: Scenario, _model: Served, payload: bytes) -> bytes:
    return post("/predictions/classifier", payload, {"Content-Type": "image/jpeg"})


TORCHSERVE = System(
    key="torchserve",
    name="TorchServe, batched",
    settings="2 workers, batch <= 8 within 2 ms",
    command=command,
    environment=Environment(
        "torchserve",
        ("torchserve~=0.12.0", "torch-model-archiver~=0.12.0", "torch~=2.13.0", "pyyaml", "setuptools<81"),
        ("torchserve", "torch"),
    ),
    frame=frame,
    lacking=java_is_missing,
)
