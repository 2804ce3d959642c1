"""A gRPC connection to a tritonserver, or to a gateway in front of it."""

from __future__ import annotations

from collections.abc import Mapping
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
            self._ask({k: v[i : i + most] for k, v in inputs.items()}, model, config, output, classes)
            for i in range(0, total, most)
        ]
        return np.concatenate(parts)

    def _ask(
        self, arrays: Mapping[str, NDArray[Any]], model: str, config: Mapping[str, Any], output: str, classes: int
    ) -> NDArray[Any]:
        batched = int(config.get("max_batch_size", 0)) > 0
        tensors: list[triton.InferInput] = []
        for name, array in arrays.items():
            array = array if batched else array[0]
            kind = next(str(entry["data_type"]) for entry in entries(config, "input") if entry["name"] == name)
            tensor = triton.InferInput(name, list(array.shape), kind.removeprefix("TYPE_").replace("STRING", "BYTES"))
            tensor.set_data_from_numpy(np.ascontiguousarray(array))
            tensors.append(tensor)
        try:
            answer = self._client.infer(
                model,
                tensors,
                outputs=[triton.InferRequestedOutput(output, class_count=classes)],
                headers=self._headers,
                client_timeout=self._timeout_s,
            )
        except InferenceServerException as error:
            raise self._explained(error, model) from error
        array = cast("NDArray[Any]", cast("Any", answer).as_numpy(output))
        return array if batched else array[None]

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
