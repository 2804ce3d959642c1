"""The recorded verdicts of the real tritonserver: `corpus/verdicts.json`.

    PYTHONPATH=tests .venv/bin/python -m export.lint.verdicts [ID…]

asks tritonserver again, about all cases or those that are named, and writes them down.
"""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from export.lint.answer import Answer
from export.lint.case import Case, healthy_case
from export.lint.mutations import CASES
from export.lint.oracle import Answers, judge
from export.lint.reported import CORPUS, reported_cases
from export.lint.repositories import HEALTHY

VERDICTS = CORPUS / "verdicts.json"
HEALTHY_CASES = tuple(healthy_case(base) for base in HEALTHY)
MUTATIONS = (*CASES, *reported_cases())
ALL = (*HEALTHY_CASES, *MUTATIONS)


def recorded() -> Answers:
    document: dict[str, dict[str, dict[str, Any]]] = json.loads(VERDICTS.read_text()) if VERDICTS.exists() else {}
    return {
        case: {model: Answer(said["loads"], said["max_batch"], said["reason"]) for model, said in models.items()}
        for case, models in document.items()
    }


def record(answers: Answers) -> None:
    """Write verdicts in the order of the cases; verdicts of cases that are no more are dropped."""
    known = recorded() | answers
    lines = [f" {json.dumps(case.id)}: {_line(known[case.id])}" for case in ALL if case.id in known]
    VERDICTS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _line(models: dict[str, Answer]) -> str:
    return json.dumps(
        {
            model: {"loads": answer.loads, "max_batch": answer.max_batch, "reason": answer.reason}
            for model, answer in models.items()
        },
        ensure_ascii=False,
    )


def chosen(names: Sequence[str]) -> list[Case]:
    unknown = set(names) - {case.id for case in ALL}
    if unknown:
        raise SystemExit(
            f"expected the ids of cases, got {', '.join(sorted(unknown))}; see tests/export/lint/mutations"
        )
    return [case for case in ALL if not names or case.id in names]


def main() -> None:
    before, cases, started = recorded(), chosen(sys.argv[1:]), time.monotonic()
    answers = judge(cases)
    record(answers)
    for case, models in answers.items():
        for model, answer in models.items():
            was = before.get(case, {}).get(model)
            if was is None or was.verdict != answer.verdict:
                print(f"{case} {model}: {answer}" + (f"; it was: {was}" if was else ""))
    loading = sum(answer.loads for models in answers.values() for answer in models.values())
    print(f"{len(answers)} cases, {loading} models load; asked in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
