"""A gRPC proxy in front of a tritonserver that denies some models, as a gateway with rights for each user does."""

from __future__ import annotations

from collections.abc import Collection, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import grpc
from tritonclient.grpc import service_pb2_grpc


@contextmanager
def gateway(url: str, what: str, denied: Collection[str], code: grpc.StatusCode) -> Generator[str]:
    """Its own address. what: `ModelConfig` or `ModelInfer`, of the models `denied`, ends with `code`."""
    services = cast("Any", service_pb2_grpc)
    server = cast("Any", grpc.server(ThreadPoolExecutor(2)))
    with grpc.insecure_channel(url.removeprefix("grpc://")) as channel:
        behind = services.GRPCInferenceServiceStub(channel)

        class Gateway(services.GRPCInferenceServiceServicer):
            def ModelConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
                return self.passed_on("ModelConfig", request, request.name, context)

            def ModelInfer(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
                return self.passed_on("ModelInfer", request, request.model_name, context)

            def passed_on(self, method: str, request: Any, model: str, context: grpc.ServicerContext) -> Any:
                if method == what and model in denied:
                    context.abort(code, "not for you")
                return getattr(behind, method)(request)

        services.add_GRPCInferenceServiceServicer_to_server(Gateway(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"grpc://127.0.0.1:{port}"
        finally:
            server.stop(None).wait()
