"""What a mutation is: one change to a healthy repository, as a person would make it."""

import re
from dataclasses import dataclass
from pathlib import Path

from export.lint.edits import Change
from export.lint.repositories import HEALTHY

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Case:
    """A mutation.

    base: the healthy repository that is changed; empty where `change` writes all of it.
    targets: the models that lint and Triton are asked about; left out: the one that the base is about.
    alone: it gets a server of its own, because it would hold up others or does not bear new names.
    """

    id: str
    sentence: str
    base: str
    change: Change
    targets: tuple[str, ...] = ()
    alone: bool = False

    def __post_init__(self) -> None:
        assert _ID.fullmatch(self.id), f"expected a name in kebab-case, got {self.id!r}"
        assert not self.base or self.base in HEALTHY, f"{self.id}: there is no healthy repository {self.base!r}"
        assert self.base or self.targets, f"{self.id}: which models are asked about?"
        if not self.targets:
            object.__setattr__(self, "targets", (HEALTHY[self.base].subject,))

    def build(self, repository: Path) -> None:
        """Write the changed repository into a new folder."""
        if self.base:
            HEALTHY[self.base].build(repository)
        self.change(repository)


def healthy_case(base: str) -> Case:
    """A healthy repository as it is; every model of it is asked about."""
    return Case(f"healthy-{base.replace('_', '-')}", "nothing was changed", base, lambda _: None, HEALTHY[base].models)
