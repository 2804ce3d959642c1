"""A client that sends one request after the other and notes when it does what."""

import http.client
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline_server.errors import RequestRefusedError, TritonError
from sightline_server.tracing.request import (
    HEADER_LENGTH,
    Input,
    decode_response,
    encode_request,
    inputs_from_config,
)
from sightline_server.tracing.stages import ClientTimes

TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Question:
    """What is asked: a model, and the file of a picture where it takes one."""

    model: str
    picture: Path | None = None


def ask(host: str, port: int, question: Question, request_ids: Iterable[str]) -> dict[str, ClientTimes]:
    """Send a question again and again over one connection; returns the times of each request by its id.

    Raises:
        RequestRefusedError: The model takes other inputs, or the server refuses the request.
        TritonError: The server is gone.
    """
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        inputs = required_inputs(connection, question)
        return {request_id: ask_once(connection, question, inputs, request_id) for request_id in request_ids}
    except (OSError, http.client.HTTPException) as error:
        raise TritonError(f"tritonserver no longer answers at {host}:{port}: {error!r}.") from error
    finally:
        connection.close()


def ask_once(
    connection: http.client.HTTPConnection, question: Question, inputs: Sequence[Input], request_id: str
) -> ClientTimes:
    encode_start_ns = time.monotonic_ns()
    picture = question.picture.read_bytes() if question.picture else b""
    body, headers = encode_request(inputs, picture, request_id)
    send_start_ns = time.monotonic_ns()
    connection.request("POST", f"/v2/models/{question.model}/infer", body, headers)
    response = connection.getresponse()
    answer = response.read()
    receive_end_ns = time.monotonic_ns()
    if response.status != http.client.OK:
        raise RequestRefusedError(f"{question.model} refused the request: {reason(answer)}")
    decode_response(answer, int(response.headers.get(HEADER_LENGTH, len(answer))))
    return ClientTimes(encode_start_ns, send_start_ns, receive_end_ns, time.monotonic_ns())


def required_inputs(connection: http.client.HTTPConnection, question: Question) -> tuple[Input, ...]:
    connection.request("GET", f"/v2/models/{question.model}/config")
    response = connection.getresponse()
    answer = response.read()
    if response.status != http.client.OK:
        raise TritonError(f"tritonserver does not say what {question.model} takes: {reason(answer)}")
    try:
        inputs = inputs_from_config(json.loads(answer))
    except ValueError as error:
        raise RequestRefusedError(
            f"{question.model} cannot be asked with a picture or zeros alone: {error}. Trace a model that uses it."
        ) from error
    require_fitting(question, inputs)
    return inputs


def require_fitting(question: Question, inputs: Sequence[Input]) -> None:
    """Raises:
    RequestRefusedError: The model takes a picture and none is named, or the other way round.
    """
    takes_pictures = any(tensor.datatype == "BYTES" for tensor in inputs)
    if takes_pictures and question.picture is None:
        raise RequestRefusedError(f"{question.model} takes a picture, got none: name the file of one after the model.")
    if question.picture is not None and not takes_pictures:
        names = ", ".join(tensor.name for tensor in inputs)
        raise RequestRefusedError(f"{question.model} takes {names} and no picture: leave {question.picture} out.")


def reason(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"])
    except (ValueError, KeyError, TypeError):
        return answer[:200].decode(errors="replace")
