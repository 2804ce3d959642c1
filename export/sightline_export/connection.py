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
        self._configs: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        self._client.close()

    def config(self, model: str) -> Mapping[str, Any]:
        """The configuration of a model, by the field names of Triton's `model_config.proto`.

        Raises UnknownModel, or ServiceUnusable where the service does not answer.
        """
        if model not in self._configs:
            try:
                answer = cast(
                    "dict[str, Any]",
                    self._client.get_model_config(
                        model, headers=self._headers, as_json=True, client_timeout=self._timeout_s
                    ),
                )
            except InferenceServerException as error:
                raise self._explained(error, model) from error
            self._configs[model] = answer["config"]
        return self._configs[model]

    def ask(
        self, model: str, config: Mapping[str, Any], inputs: Mapping[str, NDArray[Any]], output: str, classes: int = 0
    ) -> NDArray[Any]:
        """One output of `model`. inputs: with a batch axis of any length. classes: ask for so many classes instead.

        Raises Refused where the model answers with an error, ServiceUnusable where nothing answers.
        """
        most = min(_MOST_AT_ONCE, int(config.get("max_batch_size", 0)) or 1)
        total = len(next(iter(inputs.values())))
        parts = [
            self.infer(model, {k: v[i : i + most] for k, v in inputs.items()}, [output], classes=classes)[output]
            for i in range(0, total, most)
        ]
        return np.concatenate(parts)

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
        config = self.config(model)
        batched = int(config.get("max_batch_size", 0)) > 0
        kinds = {str(entry["name"]): str(entry["data_type"]) for entry in entries(config, "input")}
        tensors: list[triton.InferInput] = []
        for name, array in inputs.items():
            array = array if batched else array[0]
            kind = kinds[name].removeprefix("TYPE_").replace("STRING", "BYTES")
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
        return {output: array if batched else array[None] for output, array in arrays.items()}

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
            return ServiceUnusable(
                f"expected an answer of {model} from a tritonserver at {self.url}, got: {message[:200]}; start one "
                "with `sightline serve`, or name another with --url"
            )
        return Refused(message)
