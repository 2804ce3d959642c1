"""One folder of a repository, as the rules see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sightline_export.lint.config_text import Config
from sightline_export.lint.findings import Edit, Finding, Severity
from sightline_export.lint.locate import Fields
from sightline_export.lint.locate import Path as FieldPath
from sightline_export.lint.readable import is_folder


@dataclass(frozen=True, eq=False)
class Model:
    """A model's folder and its configuration.

    file: the configuration's path relative to the repository, also where there is none.
    given: whether there is such a file.
    config: what Triton knows of the model so far: read from the file, then completed.
    """

    name: str
    folder: Path
    file: str
    given: bool
    fields: Fields
    config: Config

    @property
    def is_ensemble(self) -> bool:
        return "ensemble_scheduling" in self.config or self.config["platform"] == "ensemble"

    @property
    def max_batch_size(self) -> int:
        return int(self.config["max_batch_size"])

    def with_config(self, config: Config) -> Model:
        return replace(self, config=config)

    def error(
        self,
        rule: str,
        where: FieldPath,
        expected: str,
        found: str,
        edit: str,
        changes: Sequence[Edit] = (),
        *,
        answers: bool = False,
    ) -> Finding:
        return self._finding("error", rule, where, expected, found, edit, changes, answers)

    def warning(
        self, rule: str, where: FieldPath, expected: str, found: str, edit: str, changes: Sequence[Edit] = ()
    ) -> Finding:
        return self._finding("warning", rule, where, expected, found, edit, changes, False)

    def error_in(self, path: Path, line: int | None, rule: str, expected: str, found: str, edit: str) -> Finding:
        """A mistake in another file of the model than its configuration."""
        return Finding(self.name, self.relative(path), line, "error", rule, expected, found, edit)

    def warning_in(self, path: Path, line: int | None, rule: str, expected: str, found: str, edit: str) -> Finding:
        return Finding(self.name, self.relative(path), line, "warning", rule, expected, found, edit)

    def relative(self, path: Path) -> str:
        return path.relative_to(self.folder.parent).as_posix()

    def _finding(
        self,
        severity: Severity,
        rule: str,
        where: FieldPath,
        expected: str,
        found: str,
        edit: str,
        changes: Sequence[Edit],
        answers: bool,
    ) -> Finding:
        line = self.fields.line(where) if self.given and where else None
        found = found if found.strip() == found and found else repr(found)
        return Finding(
            self.name, self.file, line, severity, rule, expected, found, edit, bool(changes), answers, tuple(changes)
        )


def content(folder: Path) -> str:
    """The names in a folder, for a message."""
    if not is_folder(folder):
        return "no such folder"
    return ", ".join(sorted(child.name for child in folder.iterdir() if not child.name.startswith("."))) or "nothing"
