"""A gRPC connection to a tritonserver, or to a gateway in front of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import numpy as np
import tritonclient.grpc as triton
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from sightline_backend.model_config import entries
from sightline_export.errors import ServiceUnusable, UnknownModel

DEFAULT_URL = "grpc://localhost:8001"
_MOST_AT_ONCE = 16
_METADATA_TIMEOUT_S = 10.0


class Refused(Exception):
    """The service answered with an error, and the connection is good; the message is the service's own."""


class Denied(ServiceUnusable):
    """The server answers, and does not let this user have what was asked for."""


class Connection:
    """Asks models by name. Arrays go in and come out with a batch axis, also where the model has none."""

    def __init__(self, url: str, timeout_s: float, api_key: str | None = None) -> None:
        """url: grpc://HOST[:PORT] or grpcs://HOST[:PORT]. Raises ValueError for any other."""
        parts = urlsplit(url if "://" in url else f"grpc://{url}")
        if parts.scheme not in ("grpc", "grpcs") or not parts.hostname or parts.path.strip("/"):
            raise ValueError(
                f"expected grpc://HOST[:8001] or grpcs://HOST[:8001], got {url}; the server listens for gRPC too, "
                "by default on port 8001"
            )
        self.url = url
        self._timeout_s = timeout_s
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._client = triton.InferenceServerClient(f"{host}:{parts.port or 8001}", ssl=parts.scheme == "grpcs")
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else None
        self._configs: dict[tuple[str, int | None], dict[str, Any]] = {}

    def close(self) -> None:
        self._client.close()

    def config(self, model: str, version: int | None = None) -> Mapping[str, Any]:
        """The configuration of a model, by the field names of Triton's `model_config.proto`.

        version: the newest that is served where it is None. Raises UnknownModel, Denied where this user may not see it,
        or ServiceUnusable where the service does not answer.
        """
        if (model, version) not in self._configs:
            try:
                answer = cast(
                    "dict[str, Any]",
                    self._client.get_model_config(
                        model, str(version or ""), headers=self._headers, as_json=True, client_timeout=self._timeout_s
                    ),
                )
            except InferenceServerException as error:
                raise self._explained(error, model) from error
            self._configs[model, version] = answer["config"]
        return self._configs[model, version]

    def ask(
        self,
        model: str,
        config: Mapping[str, Any],
        inputs: Mapping[str, NDArray[Any]],
        output: str,
        classes: int = 0,
        version: int | None = None,
    ) -> NDArray[Any]:
        """One output of `model`. inputs: with a batch axis of any length. classes: ask for so many classes instead.

        Raises Refused where the model answers with an error, Denied where this user may not ask it, ServiceUnusable
        where nothing answers.
        """
        most = min(_MOST_AT_ONCE, int(config.get("max_batch_size", 0)) or 1)
        total = len(next(iter(inputs.values())))
        parts = [
            self.infer(
                model, {k: v[i : i + most] for k, v in inputs.items()}, [output], classes=classes, version=version
            )
            for i in range(0, total, most)
        ]
        return np.concatenate([part[output] for part in parts])

    def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        outputs: Sequence[str],
        *,
        classes: int = 0,
        version: int | None = None,
    ) -> dict[str, NDArray[Any]]:
        """The answer to one request, by the names of `outputs`. inputs, classes: as in :meth:`ask`.

        version: the newest that is served where it is None. Raises as :meth:`ask`.
        """
        config = self.config(model, version)
        batched = int(config.get("max_batch_size", 0)) > 0
        declared = {str(entry["name"]): entry for entry in entries(config, "input")}
        has_axis = batched or any(_axis_is_written(array, _dims(declared[name])) for name, array in inputs.items())
        tensors: list[triton.InferInput] = []
        for name, array in inputs.items():
            array = _shaped(array, _dims(declared[name]), batched)
            kind = str(declared[name]["data_type"]).removeprefix("TYPE_").replace("STRING", "BYTES")
            tensor = triton.InferInput(name, list(array.shape), kind)
            tensor.set_data_from_numpy(np.ascontiguousarray(array))
            tensors.append(tensor)
        try:
            answer = self._client.infer(
                model,
                tensors,
                model_version=str(version or ""),
                outputs=[triton.InferRequestedOutput(output, class_count=classes) for output in outputs],
                headers=self._headers,
                client_timeout=self._timeout_s,
            )
        except InferenceServerException as error:
            raise self._explained(error, model) from error
        arrays = {output: cast("NDArray[Any]", cast("Any", answer).as_numpy(output)) for output in outputs}
        return {
            output: array if batched or (has_axis and array.ndim > 1 and not classes) else array[None]
            for output, array in arrays.items()
        }

    def server_name(self) -> str:
        """Such as `Triton 2.51.0`. Raises ServiceUnusable where nothing answers."""
        timeout_s = min(self._timeout_s, _METADATA_TIMEOUT_S)
        try:
            metadata = cast("Any", self._client.get_server_metadata(headers=self._headers, client_timeout=timeout_s))
        except InferenceServerException as error:
            raise self._explained(error, "any model") from error
        return f"Triton {metadata.version}"

    def _explained(self, error: InferenceServerException, model: str) -> Exception:
        status, message = str(cast("Any", error).status()), " ".join(str(cast("Any", error).message()).split())
        if "unknown model" in message or status.endswith("NOT_FOUND"):
            return UnknownModel(
                f"expected the model {model} at {self.url}, got: {message}; see what it serves with: sightline models"
            )
        if status.endswith(("UNAVAILABLE", "DEADLINE_EXCEEDED", "UNAUTHENTICATED", "PERMISSION_DENIED")):
            kind = Denied if status.endswith(("UNAUTHENTICATED", "PERMISSION_DENIED")) else ServiceUnusable
            return kind(
                f"expected an answer of {model} from a tritonserver at {self.url}, got: {message[:200]}; start one "
                "with `sightline serve`, or name another with --url"
            )
        return Refused(message)


def _dims(declared: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(dim) for dim in declared.get("dims", ()))


def _axis_is_written(array: NDArray[Any], dims: Sequence[int]) -> bool:
    """A model without batching may still have a batch axis, among its dimensions, where Triton does not see it."""
    return array.ndim > 1 and len(dims) == array.ndim


def _shaped(array: NDArray[Any], dims: Sequence[int], batched: bool) -> NDArray[Any]:
    """array: with a batch axis. A single value for each picture may be declared with more than one axis."""
    if batched:
        is_single = array[0].size == 1 and set(dims) <= {1, -1}
        return array.reshape(len(array), *(1 for _ in dims)) if is_single else array
    return array if _axis_is_written(array, dims) else array[0]
