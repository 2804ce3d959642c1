"""A running tritonserver with a few models, and a client of it."""

import contextlib
import tempfile
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
import tritonclient.grpc as tritongrpc
import tritonclient.utils as tritonutils
from tritonclient.utils import InferenceServerException

from sightline_server.command_line import KEY_NAME, Ports
from sightline_server.console import Console
from sightline_server.control import Control
from sightline_server.process import TritonProcess
from sightline_server.serving import ServeOptions, make_plan
from sightline_server.shared_memory import remove_unused_regions
from sightline_server.startup import wait_until_ready

Array = npt.NDArray[Any]
_datatype: Any = cast("Any", tritonutils).np_to_triton_dtype


class Triton:
    """A running tritonserver and a client of it."""

    def __init__(self, repository: Path, address: str, control_key: str, log_path: Path) -> None:
        self.repository = repository
        self.log_path = log_path
        self.client: Any = tritongrpc.InferenceServerClient(address)
        self._headers = {f"triton-grpc-protocol-{KEY_NAME}": control_key}

    def config(self, model: str) -> dict[str, Any]:
        return self.client.get_model_config(model, as_json=True)["config"]

    def infer(self, model: str, inputs: Mapping[str, Array], outputs: Sequence[str] = ()) -> dict[str, Array]:
        requested: Any = [tritongrpc.InferRequestedOutput(name) for name in outputs] or None
        result = self.client.infer(model, self._wire(inputs), outputs=requested)
        names = [output["name"] for output in result.get_response(as_json=True)["outputs"]]
        return {name: result.as_numpy(name) for name in names}

    def infer_together(
        self, model: str, requests: Sequence[Mapping[str, Array]], outputs: Sequence[str] = ()
    ) -> list[dict[str, Array] | InferenceServerException]:
        """Send requests at the same moment; each ends in its outputs or its own error."""

        def one(inputs: Mapping[str, Array]) -> dict[str, Array] | InferenceServerException:
            try:
                return self.infer(model, inputs, outputs)
            except InferenceServerException as error:
                return error

        with ThreadPoolExecutor(len(requests)) as pool:
            return list(pool.map(one, requests))

    def executions(self, model: str) -> int:
        return int(self.client.get_inference_statistics(model).model_stats[0].execution_count)

    def load_failures(self, names: Sequence[str]) -> dict[str, str]:
        """Load models that can't be loaded; returns what the server said, by name."""

        def one(name: str) -> str:
            with pytest.raises(InferenceServerException) as refused:
                self.client.load_model(name, headers=self._headers)
            return str(refused.value.message())

        with ThreadPoolExecutor(4) as pool:
            return dict(zip(names, pool.map(one, names), strict=True))

    def _wire(self, inputs: Mapping[str, Array]) -> list[Any]:
        wire: list[Any] = []
        for name, array in inputs.items():
            entry: Any = tritongrpc.InferInput(name, list(array.shape), _datatype(array.dtype))
            entry.set_data_from_numpy(array)
            wire.append(entry)
        return wire


def _ignore_progress(_elapsed_s: float, _loaded: tuple[str, ...]) -> None:
    pass


@contextlib.contextmanager
def running_triton(repository: Path) -> Generator[Triton]:
    """Start the tritonserver of this environment with every model of a repository; it can load others later."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-test-")))
        options = ServeOptions(
            repository=repository,
            models=(),
            host="127.0.0.1",
            ports=Ports(0, 0, 0),
            config_name=None,
            runtime=None,
            ready_file=None,
            log_file=directory / "tritonserver.log",
            startup_timeout_s=60,
            exit_timeout_s=5,
            verbose=False,
        )
        plan = make_plan(options, directory, Console())
        process = TritonProcess(plan.command, plan.environment, plan.log_path)
        stack.callback(remove_unused_regions, plan.region_prefix)
        stack.callback(process.stop, 10)
        address = f"{plan.host}:{plan.ports.grpc}"
        control = Control(address, plan.control_key)
        stack.callback(control.close)
        wait_until_ready(process, control, stall_timeout_s=60, progress=_ignore_progress, stopped=lambda: False)
        triton = Triton(repository, address, plan.control_key, plan.log_path)
        stack.callback(triton.client.close)
        yield triton


def texts(*elements: bytes) -> Array:
    """A batch of BYTES tensors of shape [1]."""
    return np.array([[element] for element in elements], np.object_)
