"""docker-compose.yml follows the Compose specification and gives nothing away. No Docker engine is needed."""

import importlib.resources
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sightline_server.supervisor import EXIT_GRACE_S

Service = dict[str, Any]
Parameters = Callable[[list[str]], dict[str, Any]]

OPENINGS = ("privileged", "network_mode", "pid", "ipc", "devices", "extra_hosts")
LIMITS = ("mem_limit", "memswap_limit", "pids_limit", "shm_size")


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schemas = importlib.resources.files("check_jsonschema.builtin_schemas.vendor")
    schema = json.loads((schemas / "compose-spec.json").read_bytes())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    return jsonschema.Draft202012Validator(schema)


def seconds(duration: str) -> float:
    match = re.fullmatch(r"(\d+)s", duration)
    assert match, f"expected whole seconds such as 30s, got {duration!r}"
    return float(match[1])


def exposures(service: Service) -> list[str]:
    """What a service gives to those who should not have it."""
    ports = [str(port) for port in service["ports"]]
    log_options = service.get("logging", {}).get("options", {})
    checks = [
        *(
            (bool(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)), f"port {port} is not bound to loopback")
            for port in ports
        ),
        *((is_read_only(volume), f"mount {volume} can be written") for volume in service["volumes"]),
        (bool(re.fullmatch(r"[1-9]\d*:[1-9]\d*", service.get("user", ""))), "it may run as root"),
        (service.get("read_only") is True, "the root filesystem can be written"),
        (service.get("cap_drop") == ["ALL"] and "cap_add" not in service, "capabilities are kept"),
        (service.get("security_opt") == ["no-new-privileges:true"], "privileges can be gained"),
        *((key not in service, f"{key} is set") for key in OPENINGS),
        *((key in service, f"{key} is missing") for key in LIMITS),
        (log_options.keys() >= {"max-size", "max-file"}, "the log can fill the disk"),
    ]
    return [text for passed, text in checks if not passed]


def is_read_only(volume: Any) -> bool:
    return "read_only" in volume and volume["read_only"] is True


def test_the_file_follows_the_compose_specification(
    compose: Service, validator: jsonschema.Draft202012Validator
) -> None:
    assert [error.message for error in validator.iter_errors(compose)] == []


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "service", {}),
        (("services", "triton-cpu"), "shmsize", "2gb"),
        (("services", "triton-cpu"), "read_only", [True]),
        (("services", "triton-cpu"), "profiles", "cpu"),
        (("services", "triton-cpu", "healthcheck"), "start-period", "30s"),
        (("services", "triton-cpu", "build"), "docker_file", "Dockerfile"),
        (("services", "triton-gpu", "deploy", "resources", "reservations"), "device", []),
    ],
)
def test_a_slip_is_an_error_of_the_specification(
    compose: Service, validator: jsonschema.Draft202012Validator, place: tuple[str, ...], key: str, value: object
) -> None:
    spot = compose
    for name in place:
        spot = spot[name]
    spot[key] = value
    messages = [error.message for error in validator.iter_errors(compose)]
    assert any(key in message or repr(value) in message for message in messages), messages


def test_there_is_one_service_for_each_profile(compose: Service) -> None:
    assert {name: service["profiles"] for name, service in compose["services"].items()} == {
        "triton-cpu": ["cpu"],
        "triton-gpu": ["gpu"],
    }


def test_a_service_gives_nothing_away(service: Service) -> None:
    assert exposures(service) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"ports": ["8000:8000"]}, "port 8000:8000 is not bound to loopback"),
        ({"ports": ["0.0.0.0:8000:8000"]}, "port 0.0.0.0:8000:8000 is not bound to loopback"),
        ({"volumes": ["./model_repository:/models"]}, "mount ./model_repository:/models can be written"),
        ({"user": "0:0"}, "it may run as root"),
        ({"user": "triton-server"}, "it may run as root"),
        ({"read_only": False}, "the root filesystem can be written"),
        ({"cap_drop": []}, "capabilities are kept"),
        ({"cap_add": ["SYS_ADMIN"]}, "capabilities are kept"),
        ({"security_opt": ["no-new-privileges:false"]}, "privileges can be gained"),
        ({"ipc": "host"}, "ipc is set"),
        ({"logging": {}}, "the log can fill the disk"),
    ],
)
def test_what_a_service_gives_away_is_noticed(service: Service, change: Service, expected: str) -> None:
    assert expected in exposures({**service, **change})


@pytest.mark.parametrize("limit", LIMITS)
def test_a_missing_limit_is_noticed(service: Service, limit: str) -> None:
    del service[limit]
    assert f"{limit} is missing" in exposures(service)


def test_paths_of_the_file_exist_in_the_repository(service: Service, root: Path) -> None:
    build = service["build"]
    paths = [build["context"], build["dockerfile"], *(volume["source"] for volume in service["volumes"])]
    assert [path for path in paths if not (root / path).exists()] == []


def test_the_image_is_built_here_and_never_pulled(service: Service) -> None:
    # a short name would be looked up in the public registry
    assert service["image"].startswith("localhost/")
    assert service["pull_policy"] == "build"


def test_serve_is_told_where_the_models_and_the_ports_are(service: Service, parameters: Parameters) -> None:
    serve = parameters(service["command"])
    assert [str(serve["model_repository"])] == [volume["target"] for volume in service["volumes"]]
    ports = [str(serve[f"{name}_port"]) for name in ("http", "grpc", "metrics")]
    assert [port.split(":")[-1] for port in service["ports"]] == ports
    # inside the container, or nothing would come through the published ports
    assert serve["host"] == "0.0.0.0"  # noqa: S104


def test_docker_waits_longer_than_triton_does(service: Service, parameters: Parameters) -> None:
    serve = parameters(service["command"])
    assert seconds(service["stop_grace_period"]) > serve["exit_timeout"] + EXIT_GRACE_S
    assert seconds(service["healthcheck"]["start_period"]) >= serve["startup_timeout"]


def test_a_flag_that_serve_does_not_know_is_noticed(service: Service, parameters: Parameters) -> None:
    with pytest.raises(Exception, match="No such option"):
        parameters([*service["command"], "--hots=0.0.0.0"])


def test_the_gpu_service_differs_by_its_device_its_variant_and_its_memory(compose: Service) -> None:
    cpu, gpu = compose["services"]["triton-cpu"], compose["services"]["triton-gpu"]
    assert {key for key in gpu if gpu[key] != cpu.get(key)} == {
        "profiles",
        "command",
        "deploy",
        "mem_limit",
        "memswap_limit",
    }
    differ = {"--model-config-name=gpu", "--model-config-name=portable"}
    assert set(gpu["command"]) ^ set(cpu["command"]) == differ
    (device,) = gpu["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])


def test_healthy_means_that_a_golden_inference_succeeded(service: Service, parameters: Parameters) -> None:
    kind, *command = service["healthcheck"]["test"]
    assert kind == "CMD"
    assert command[3] == "probe"
    probe, serve = parameters(command), parameters(service["command"])
    assert probe["url"] == f"grpc://127.0.0.1:{serve['grpc_port']}"
    assert probe["model_repository"] == serve["model_repository"]
