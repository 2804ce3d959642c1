"""The self-test after every start: each served version must reproduce its golden answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline_server.control import Control
from sightline_server.errors import SelfTestError
from sightline_server.golden import Case, read_golden
from sightline_server.probe import Outcome, probe
from sightline_server.repository import Model

TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Tested:
    """One served version of a model; `cases` is empty when it has no golden answers."""

    model: Model
    version: int
    cases: tuple[Case, ...]


def self_test(control: Control, models: Sequence[Model]) -> tuple[Tested, ...]:
    """Sends every golden case of every version that is ready.

    Raises:
        SelfTestError: An answer is not the golden one, or there is none.
        NotARepositoryError: Golden answers that are there cannot be read.
        CallFailed: tritonserver does not say what it serves.
    """
    ready = control.ready_versions()
    tested: list[Tested] = []
    problems: list[str] = []
    for model in models:
        for version in ready.get(model.name, ()):
            path = model.golden_file(version)
            cases = read_golden(path).cases if path.is_file() else ()
            tested.append(Tested(model, version, cases))
            for case in cases:
                result = probe(control, model.name, version, case, TIMEOUT_S)
                if result.outcome is not Outcome.OK:
                    problems.append(f"{model.name} version {version}, {result.outcome.value}: {result.detail}")
    if problems:
        lines = "\n".join(f"    {problem}" for problem in problems)
        raise SelfTestError(
            "The self-test failed: expected the golden answers that were recorded at export time, but\n"
            f"{lines}\nExport these models again as a new version, or leave them out with --models."
        )
    return tuple(tested)
