"""What the tests of served faults share."""

from __future__ import annotations

from collections.abc import Mapping

from export.difference.photographs import pictures

from sightline_export.connection import Connection
from sightline_export.difference.comparison import Comparison, compare_with_service
from sightline_export.difference.reference import Reference

HEALTHY_ENTRIES = ("squash", "crop", "letterbox", "grey", "short", "embedder")


def compare(connection: Connection, references: Mapping[str, Reference], served: str, picture: str) -> Comparison:
    """`served` is called after the entry that it should be like; all others should be like `squash`."""
    reference = next((each for name, each in references.items() if served.startswith(name)), references["squash"])
    return compare_with_service(reference, pictures()[picture], connection, served)
