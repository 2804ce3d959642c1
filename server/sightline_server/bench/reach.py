"""Whether a server answers at all."""

import http.client
from urllib.parse import urlsplit

from sightline_server.bench.service import Served, Service
from sightline_server.control import CallFailed
from sightline_server.errors import NoAnswerError, NotAnsweringError
from sightline_server.probe import Outcome, classify

TIMEOUT_S = 10.0


def loaded_models(service: Service, grpc_url: str) -> dict[str, Served]:
    """What the server has loaded.

    Raises:
        NoAnswerError: Nobody answers at `grpc_url`.
        NotAnsweringError: The server refuses to say, or has loaded nothing.
    """
    try:
        served = service.served()
    except CallFailed as error:
        if classify(error.status, error.message).outcome in (Outcome.UNREACHABLE, Outcome.TIMEOUT):
            raise nobody(grpc_url, "--grpc-url") from error
        raise NotAnsweringError(
            f"Expected the server at {grpc_url} to say what it serves, got {error.status}: {error.message}. "
            "Its statistics and configurations must be readable."
        ) from error
    if not served:
        raise NotAnsweringError(f"Expected models on the server at {grpc_url}, it has loaded none.")
    return served


def server_version(service: Service, grpc_url: str) -> str:
    """
    Raises:
        NoAnswerError: Nobody answers any more at `grpc_url`.
    """
    try:
        return service.server_version()
    except CallFailed as error:
        raise nobody(grpc_url, "--grpc-url") from error


def require_http(http_url: str) -> None:
    """
    Raises:
        NoAnswerError: Nobody answers at `http_url`.
    """
    connection = http.client.HTTPConnection(urlsplit(http_url).netloc, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/v2/health/live")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        raise nobody(http_url, "--url") from error
    finally:
        connection.close()


def nobody(url: str, option: str) -> NoAnswerError:
    return NoAnswerError(
        f"Expected a server at {url}, nobody answers there; start it with `sightline serve`, or name another address "
        f"with {option}."
    )
