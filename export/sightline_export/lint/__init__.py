"""The repository prover: reads a model repository and says what Triton will do with it, and what to change.

Its judge is the real tritonserver: `tests/export/lint` loads mutated repositories and compares.
"""

from sightline_export.lint.findings import Edit, Finding, Report, Severity, Verdict
from sightline_export.lint.fixes import fix
from sightline_export.lint.linter import lint
from sightline_export.lint.machine import Machine, this_machine

__all__ = ["Edit", "Finding", "Machine", "Report", "Severity", "Verdict", "fix", "lint", "this_machine"]
