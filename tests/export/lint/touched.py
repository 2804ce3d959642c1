"""Which models a mutation reaches: those that it changes, and models that use them."""

import tempfile
from functools import cache
from pathlib import Path

from export.lint.case import Case
from export.lint.merge import contents
from export.lint.repositories import HEALTHY


@cache
def touched(case: Case) -> tuple[str, ...]:
    """The targets of a case that its change reaches; all of them where it writes the whole repository.

    A mutation that changes something beside its targets is about them all the same.
    """
    if not case.base:
        return case.targets
    with tempfile.TemporaryDirectory() as before, tempfile.TemporaryDirectory() as after:
        HEALTHY[case.base].build(Path(before))
        case.build(Path(after))
        models = {path.name for folder in (before, after) for path in Path(folder).iterdir()}
        found = {model for model in models if contents(Path(before, model)) != contents(Path(after, model))}
        while more := {model for model in models - found if _steps(Path(after, model)) & found}:
            found |= more
    return tuple(model for model in case.targets if model in found) or case.targets


def _steps(model: Path) -> set[str]:
    """What the configuration of an ensemble names, its steps among other things, or of one that asks a network."""
    config = model / "config.pbtxt"
    text = config.read_text(errors="replace") if config.is_file() else ""
    return set(text.split('"')[1::2]) if "ensemble" in text or '"network"' in text else set()
