"""Lint against the real tritonserver: every healthy repository, and every mutation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from export.lint.case import Case
from export.lint.chance import chance_cases
from export.lint.merge import contents, merge, renamed
from export.lint.oracle import Answers, judge
from export.lint.touched import touched
from export.lint.verdicts import ALL, HEALTHY_CASES, MUTATIONS, recorded

from sightline_export.errors import RepositoryUnusable
from sightline_export.lint import Finding, lint, this_machine

AGREEMENT = 0.98
# what Triton does not look at
OF_OUR_SERVICE = ("golden-unreadable", "golden-model", "golden-tensor", "golden-file", "labels-parameter")


@dataclass(frozen=True)
class Prediction:
    """What lint says of one repository; errors: its findings that are errors, and why it is no repository."""

    verdicts: Mapping[str, tuple[bool, int]]
    errors: tuple[Finding | str, ...]

    def of(self, model: str) -> tuple[bool, int]:
        """A folder that lint does not take for a model does not load."""
        return self.verdicts.get(model, (False, 0))


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What tritonserver says today of every case; this takes minutes."""
    return judge(ALL)


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prediction]:
    return predict(ALL, tmp_path_factory.mktemp("predictions"))


def predict(cases: Sequence[Case], folder: Path) -> dict[str, Prediction]:
    machine = this_machine()

    def prediction(case: Case) -> Prediction:
        repository = folder / case.id
        repository.mkdir()
        case.build(repository)
        try:
            report = lint(repository, machine)
        except RepositoryUnusable as error:
            return Prediction({}, (str(error),))
        verdicts = {verdict.model: (verdict.loads, verdict.max_batch) for verdict in report.verdicts}
        return Prediction(verdicts, report.errors)

    return {case.id: prediction(case) for case in cases}


def test_healthy_repositories_load_and_lint_finds_no_error(
    answers: Answers, predictions: dict[str, Prediction]
) -> None:
    alarms = {case.id: list(map(str, errors)) for case in HEALTHY_CASES if (errors := predictions[case.id].errors)}
    broken = {
        f"{case.id} {model}": str(answer)
        for case in HEALTHY_CASES
        for model, answer in answers[case.id].items()
        if not answer.loads or answer.reason
    }

    # the sequence batcher takes one row at a time, and says so
    assert set(broken) <= {"healthy-sequence adder"}
    assert alarms == {}


def disagreements(cases: Sequence[Case], answers: Answers, predictions: dict[str, Prediction]) -> list[str]:
    """One line for each mutation of which lint says something else than Triton, of one of the models it reaches."""

    def said(case: Case) -> Iterator[str]:
        for model in touched(case):
            if answers[case.id][model].verdict != predictions[case.id].of(model):
                yield (
                    f"of {model} Triton says: {answers[case.id][model]}; lint says: (loads, batch) = "
                    f"{predictions[case.id].of(model)} {list(map(str, predictions[case.id].errors))[:3]}"
                )

    return [f"{case.id} ({case.sentence}): {' '.join(lines)}" for case in cases if (lines := list(said(case)))]


def require_agreement(cases: Sequence[Case], answers: Answers, predictions: dict[str, Prediction]) -> None:
    wrong = disagreements(cases, answers, predictions)
    agreement = 1 - len(wrong) / len(cases)
    print(f"agreement: {agreement:.2%} of {len(cases)}")
    assert agreement >= AGREEMENT, f"{agreement:.2%} of {len(cases)}:\n" + "\n".join(wrong)


def test_lint_says_what_tritonserver_said_once(predictions: dict[str, Prediction]) -> None:
    """Against the recorded verdicts, without a server, in seconds."""
    require_agreement(MUTATIONS, recorded(), predictions)


def test_lint_says_what_tritonserver_does(answers: Answers, predictions: dict[str, Prediction]) -> None:
    require_agreement(MUTATIONS, answers, predictions)


def test_lint_says_what_tritonserver_does_after_changes_by_chance(tmp_path: Path) -> None:
    """Nobody wrote these mutations, so nobody wrote lint for them."""
    cases = chance_cases(seed=3, count=110)

    require_agreement(cases, judge(cases), predict(cases, tmp_path))


def alarms(answers: Answers, predictions: dict[str, Prediction]) -> list[str]:
    """Errors that lint finds in models that load and keep their promises."""
    return [
        f"{case.id}: {error}"
        for case in MUTATIONS
        for error in predictions[case.id].errors
        if isinstance(error, Finding)
        and error.rule not in OF_OUR_SERVICE
        and (answer := answers[case.id].get(error.model)) is not None
        and answer.loads
        and not answer.reason
    ]


def test_lint_finds_no_error_in_models_that_load_and_keep_their_promises(
    answers: Answers, predictions: dict[str, Prediction]
) -> None:
    """Not one: nobody believes a prover that cries over sound models."""
    assert alarms(answers, predictions) == []


def test_lint_finds_no_error_in_models_that_were_sound_once(predictions: dict[str, Prediction]) -> None:
    assert alarms(recorded(), predictions) == []


def test_recorded_verdicts_are_those_of_today(answers: Answers) -> None:
    """After an update of Triton or of ONNX Runtime they may change: see corpus/README.md."""
    known = recorded()
    changed = [
        f"{case} {model}: recorded {known.get(case, {}).get(model)}, today {answer}"
        for case, models in answers.items()
        for model, answer in models.items()
        if case not in known or model not in known[case] or known[case][model].verdict != answer.verdict
    ]

    assert changed == [], "\n".join(changed)
    assert set(known) == {case.id for case in ALL}


def test_there_are_enough_mutations_of_both_kinds(answers: Answers) -> None:
    loading = [case.id for case in MUTATIONS if all(answer.loads for answer in answers[case.id].values())]

    assert len({case.id for case in ALL}) == len(ALL)
    assert len(MUTATIONS) >= 150
    assert len(loading) >= 30
    assert len(MUTATIONS) - len(loading) >= 100


def test_every_mutation_changes_its_repository(tmp_path: Path) -> None:
    built: dict[str, dict[str, bytes]] = {}
    for case in ALL:
        (tmp_path / case.id).mkdir()
        case.build(tmp_path / case.id)
        built[case.id] = dict(contents(tmp_path / case.id))
    healthy = {case.base: built[case.id] for case in HEALTHY_CASES}

    assert [case.id for case in MUTATIONS if case.base and built[case.id] == healthy[case.base]] == []


def test_models_that_a_mutation_left_alone_are_shared(tmp_path: Path) -> None:
    merged = merge([case for case in MUTATIONS if case.id in ("cycle", "steps-reordered")], tmp_path)

    assert (
        merged.names["cycle", "chain_first"] == merged.names["steps-reordered", "chain_first"] == "chain__chain_first"
    )
    assert merged.names["cycle", "chain"] == "cycle__chain"
    assert b'"chain__chain_first"' in (tmp_path / "cycle__chain" / "config.pbtxt").read_bytes()


def test_only_names_of_models_are_changed() -> None:
    config = b"name: \"cnn\" input { name: 'x' } step { model_name: 'cnn_network' } # \"cnns\""

    assert renamed(config, {"cnn": "a_cnn", "cnn_network": "a_cnn_network"}) == (
        b"name: \"a_cnn\" input { name: 'x' } step { model_name: 'a_cnn_network' } # \"cnns\""
    )
