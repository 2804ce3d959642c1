"""What has to be so before anything can be measured with shared memory."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing.shared_memory import SharedMemory

from sightline_server.bench.options import BenchOptions
from sightline_server.bench.service import Served, Service
from sightline_server.bench.targets import Targets
from sightline_server.control import CallFailed
from sightline_server.errors import MachineError, MeasurementError, RequestRefusedError

TIMEOUT_S = 10.0
SIZE_BYTES = 64


def require_regions(service: Service, options: BenchOptions) -> None:
    """Has the server map a small region of this machine, over each protocol of `options`, and forget it again.

    Nothing less proves it: a server on another machine takes such requests too, and finds no region there.

    Raises:
        RequestRefusedError: The server refuses to, or cannot.
        MachineError: This machine has no shared memory to give.
    """
    try:
        region = SharedMemory(create=True, size=SIZE_BYTES)
    except OSError as error:
        raise MachineError(
            f"--shared-memory: expected room for regions in /dev/shm, got: {error.strerror}. Make it writable, or "
            "leave --shared-memory out."
        ) from error
    try:
        for protocol in options.protocols:
            refusal = refused_over_http(options, region.name) if protocol == "http" else refused(service, region.name)
            if refusal:
                url = options.http_url if protocol == "http" else options.grpc_url
                raise RequestRefusedError(refusal_message(url, refusal))
    finally:
        region.close()
        region.unlink()


def refusal_message(url: str, refusal: str) -> str:
    return (
        f"--shared-memory: expected the server at {url} to take shared memory of this machine, got: "
        f"{' '.join(refusal.split())}. Start it on this machine with `sightline serve --allow-shared-memory` (a "
        "container needs --ipc=host as well), or leave --shared-memory out."
    )


def refused(service: Service, name: str) -> str:
    """Why the server does not take a region over gRPC; empty where it does."""
    try:
        service.register_region(name, f"/{name}", SIZE_BYTES)
        service.forget_region(name)
    except CallFailed as error:
        return error.message
    return ""


def refused_over_http(options: BenchOptions, name: str) -> str:
    """The same over HTTP."""
    connection = http.client.HTTPConnection(options.address("http"), timeout=TIMEOUT_S)
    wanted = {"key": f"/{name}", "offset": 0, "byte_size": SIZE_BYTES}
    try:
        for verb, body in (("register", json.dumps(wanted)), ("unregister", "")):
            connection.request("POST", f"/v2/systemsharedmemory/region/{name}/{verb}", body)
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
            if answer.status != http.client.OK:
                return said or f"HTTP {answer.status}"
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return ""


def without_optional_inputs(found: Targets, served: Mapping[str, Served], wanted: Sequence[str]) -> Targets:
    """Leaves out the models with an optional input: perf_analyzer cannot leave one out over shared memory.

    Raises:
        MeasurementError: A model of `wanted` has one, or all of them have.
    """
    optional = {
        each.model: [given.name for given in served[each.model].inputs if given.is_optional] for each in found.targets
    }
    refused = [model for model, names in optional.items() if names]
    if refused and (wanted or len(refused) == len(optional)):
        raise MeasurementError(
            f"--shared-memory: expected models without optional inputs, got {refused[0]} with "
            f"{' and '.join(optional[refused[0]])}: perf_analyzer cannot leave an input out over shared memory. Leave "
            f"--shared-memory out, or {refused[0]}."
        )
    notes = [
        f"{model} is left out: its input {' and '.join(optional[model])} is optional, and perf_analyzer cannot leave "
        "one out over shared memory."
        for model in refused
    ]
    targets = tuple(each for each in found.targets if each.model not in refused)
    return replace(found, targets=targets, notes=(*found.notes, *notes))
