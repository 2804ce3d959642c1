"""From an arrangement to the configuration that Triton reads, and back to what of a configuration can be arranged."""

from collections.abc import Sequence
from typing import Any

from sightline_server.arrangement import Arrangement, Variant
from sightline_server.model_config import config_text, is_ensemble, process_count
from sightline_server.tuned import THREAD_PARAMETERS


def variant(config_name: str, config: Any) -> Variant:
    """What of a configuration, as Triton's protobuf message, can be arranged."""
    return Variant(
        config_name,
        is_ensemble(config),
        process_count(config),
        takes_threads=config.backend in THREAD_PARAMETERS,
        max_batch_size=config.max_batch_size if config.HasField("dynamic_batching") else 0,
    )


def arranged(config: Any, arrangement: Arrangement) -> Any:
    """A copy of an exported configuration, arranged.

    Args:
        config: That of the variant `arrangement.config_name`, as Triton's protobuf message.
        arrangement: What to change.
    """
    changed = type(config)()
    changed.CopyFrom(config)
    if arrangement.processes is not None:
        del changed.instance_group[:]
        changed.instance_group.add(count=arrangement.processes, kind="KIND_CPU")
    if arrangement.threads is not None:
        changed.parameters[THREAD_PARAMETERS[config.backend]].string_value = str(arrangement.threads)
    if arrangement.max_batch_size is not None:
        changed.max_batch_size = arrangement.max_batch_size
    if arrangement.max_queue_delay_us is not None:
        changed.dynamic_batching.max_queue_delay_microseconds = arrangement.max_queue_delay_us
    return changed


def file_text(config: Any, header: Sequence[str]) -> str:
    """The text of a configuration file. header: lines that become comments."""
    return "".join(f"# {line}\n" for line in header) + config_text(config)
