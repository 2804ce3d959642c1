"""How a model can be run on a machine: which variant of its configuration, in how many processes and threads.

A repository holds each model in several variants: `config.pbtxt` is the portable ensemble, `configs/<name>.pbtxt` the
same contract for a kind of machine. What `sightline serve` takes without measuring and what `sightline tune` measures
come from here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

AUTO = "auto"  # what `sightline tune` chose, of the models that were tuned; of the others what fits the machine
CPU = "cpu"
PORTABLE = "portable"  # no model has a variant of this name, so Triton takes every config.pbtxt

MOST_PROCESSES = 8
QUEUE_DELAY_US = 500


def has_gpu(devices: Path = Path("/dev")) -> bool:
    """Whether the driver of an NVIDIA GPU offers one here."""
    return any(devices.glob("nvidia[0-9]*"))


def default_config_name(devices: Path = Path("/dev")) -> str:
    """The variant that fits this machine without measuring."""
    return PORTABLE if has_gpu(devices) else CPU


def variant_of_untuned(config_name: str | None) -> str | None:
    """The variant of a model that was not tuned: Triton knows no `auto`."""
    return default_config_name() if config_name == AUTO else config_name


@dataclass(frozen=True)
class Variant:
    """One configuration of a model, and what of it can be arranged."""

    config_name: str
    is_ensemble: bool
    """The steps of an ensemble are models of their own, which others may use: it is taken as it is."""
    processes: int
    takes_threads: bool
    """Whether it can be told how many threads each process has; untold it has one per core."""
    max_batch_size: int
    """0 where it takes no batches."""


@dataclass(frozen=True)
class Arrangement:
    """One way to run a model. None stands for what the configuration says."""

    config_name: str
    processes: int | None = None
    threads: int | None = None
    """Of each process."""
    max_batch_size: int | None = None
    max_queue_delay_us: int | None = None
    """How long a request may wait for others to be batched with."""

    def __str__(self) -> str:
        parts = [
            f"{self.processes} {'process' if self.processes == 1 else 'processes'}" if self.processes else "",
            f"{self.threads} {'thread' if self.threads == 1 else 'threads'} each" if self.threads else "",
            f"batches up to {self.max_batch_size}" if self.max_batch_size else "",
            f"waiting up to {self.max_queue_delay_us} us" if self.max_queue_delay_us else "",
        ]
        return ", ".join([self.config_name, *filter(None, parts)]) + ("" if any(parts) else " as exported")


def candidates(cores: int, variants: Sequence[Variant]) -> tuple[Arrangement, ...]:
    """The arrangements that are worth measuring on a machine.

    Args:
        cores: That the server may use.
        variants: Of the model, the one that fits the machine without measuring first.

    Returns:
        First what is served without tuning; the others in the order in which they are given up where time is short.

    Example:
        >>> for arrangement in candidates(1, [Variant("cpu", False, 1, True, 32)]):
        ...     print(arrangement)
        cpu as exported
        cpu, 2 processes, 1 thread each
        cpu, batches up to 8
        cpu, 2 processes, 1 thread each, batches up to 8
        cpu, waiting up to 500 us
    """
    shaped = [(each, shape) for each in variants if not each.is_ensemble for shape in shapes(cores, each)]
    batched = [(each, shape) for each, shape in shaped if each.max_batch_size > 1]
    ordered = [
        Arrangement(variants[0].config_name),
        *(shape for _, shape in shaped),
        *(Arrangement(each.config_name) for each in variants),
        *(replace(shape, max_batch_size=small_batch(each)) for each, shape in batched),
        *(Arrangement(each.config_name, max_queue_delay_us=QUEUE_DELAY_US) for each, _ in batched),
    ]
    return tuple(dict.fromkeys(ordered))


def shapes(cores: int, variant: Variant) -> list[Arrangement]:
    """Numbers of processes with the threads that give every core work, the exported number first."""
    # two also on one core: one can compute while the other one waits for tritonserver
    counts = {1, 2, *(count for count in (4, MOST_PROCESSES) if count <= cores), min(cores, MOST_PROCESSES)}
    shared = [
        Arrangement(variant.config_name, count, math.ceil(cores / count) if variant.takes_threads else None)
        for count in sorted(counts - {variant.processes})
    ]
    if variant.takes_threads and cores > 1:
        # a request that comes alone gets every core, whichever process it meets
        shared.append(Arrangement(variant.config_name, 2, cores))
    return [Arrangement(variant.config_name), *shared]


def small_batch(variant: Variant) -> int:
    """A quarter of the exported limit: the next batch is read while the last one is answered."""
    return max(1, variant.max_batch_size // 4)
