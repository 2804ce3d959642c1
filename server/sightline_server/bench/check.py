"""Whether the answers are right: perf_analyzer compares nothing, so one golden request is asked before and after."""

from collections.abc import Iterable

from sightline_server.bench.service import Service
from sightline_server.bench.targets import Target
from sightline_server.errors import NotAnsweringError
from sightline_server.probe import Outcome, probe

TIMEOUT_S = 60.0


def require_right_answers(service: Service, targets: Iterable[Target], when: str) -> None:
    """Compares the answer to one golden request of each model that has some.

    when: such as "before the measurements", for the message.

    Raises:
        NotAnsweringError: A model does not answer, or not as it did at export time.
    """
    wrong: list[str] = []
    for target in targets:
        if target.golden is None:
            continue
        result = probe(service, target.model, target.version, target.golden, TIMEOUT_S)
        if result.outcome is not Outcome.OK:
            detail = f" ({result.detail})" if result.detail else ""
            wrong.append(f"{target.model} version {target.version}: {result.outcome.value}{detail}")
    if wrong:
        raise NotAnsweringError(
            f"Expected golden answers {when}, got {' and '.join(wrong)}. `sightline probe` asks again; name the "
            "repository that is served with --model-repository."
        )
