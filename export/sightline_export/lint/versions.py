"""Version folders, and which of them Triton loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sightline_backend.model_config import section
from sightline_export.lint.findings import Finding
from sightline_export.lint.model import Model
from sightline_export.lint.readable import is_folder

_NOT_VERSIONS = ("warmup", "initial_state", "configs")


def version_folders(folder: Path) -> tuple[int, ...]:
    """The versions that Triton sees: folders that begin with a number and not with a superfluous zero."""
    found: set[int] = set()
    for child in folder.iterdir():
        if is_folder(child) and child.name not in _NOT_VERSIONS and not (len(child.name) > 1 and child.name[0] == "0"):
            number = leading_number(child.name)
            if number is not None:
                found.add(number)
    return tuple(sorted(found))


def version_path(folder: Path, version: int) -> Path:
    """The folder in which Triton looks for a version: it writes the number out, and knows no sign."""
    return folder / str(version % (1 << 64))


def leading_number(text: str) -> int | None:
    """What C++ reads as a number at the beginning of a text: Triton takes `1a` for version 1."""
    text = text.lstrip()
    sign, digits = (text[:1], text[1:]) if text[:1] in ("+", "-") else ("", text)
    length = len(digits) - len(digits.lstrip("0123456789"))
    return int(sign + digits[:length]) if length else None


def versions_to_load(model: Model) -> tuple[int, ...]:
    """The versions of the folder that the version policy chooses."""
    present = version_folders(model.folder)
    policy = section(model.config, "version_policy")
    if "specific" in policy:
        return tuple(version for version in present if version in policy["specific"]["versions"])
    if "all" in policy:
        return present
    newest = int(section(policy, "latest").get("num_versions", 1)) if "latest" in policy else 1
    return present[len(present) - newest :] if 0 < newest <= len(present) else present if newest > 0 else ()


def check_versions(model: Model) -> Iterator[Finding]:
    present = version_folders(model.folder)
    for version in present:
        if abs(version) >= 1 << 63:
            yield model.error(
                "version-too-large",
                (),
                "version numbers of 64 bits",
                f"{version}, which ends the whole server",
                "rename the folder",
            )
    for child in sorted(model.folder.iterdir()):
        if is_folder(child) and len(child.name) > 1 and child.name[0] == "0" and child.name.isdigit():
            yield model.warning_in(
                child,
                None,
                "version-leading-zero",
                "version folders without leading zeros",
                child.name,
                f"rename it to {int(child.name) or 1}: Triton passes over it",
            )
    if not present:
        yield model.error(
            "no-version",
            (),
            "a version folder, for example 1",
            "none",
            f"make {model.name}/1 and put the model file into it",
        )
        return
    policy = section(model.config, "version_policy")
    missing = [v for v in section(policy, "specific").get("versions", ()) if v not in present]
    found = f"versions {', '.join(map(str, present))}"
    if not versions_to_load(model):
        yield model.error(
            "version-policy", ("version_policy",), "a policy that chooses a version", found, "name one that is there"
        )
    elif missing:
        yield model.warning(
            "version-policy",
            ("version_policy",),
            f"version {missing[0]}, which the policy names",
            found,
            "name those that are there",
        )
