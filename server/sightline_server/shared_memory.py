"""The shared memory regions that a tritonserver leaves in /dev/shm when it does not end by itself."""

from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # where the kernel has it; nothing is created here


def region_prefix(token: str) -> str:
    """What the names of the regions of one server begin with, so that they are told from those of other servers."""
    return f"triton_sightline_{token}_backend_shm_region_"


def mapped_regions() -> frozenset[str]:
    """Names of the files in /dev/shm that a process has mapped, as far as this user may look."""
    names: set[str] = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        try:
            text = maps.read_text(errors="replace")
        except OSError:
            continue
        names.update(line.split("/dev/shm/", 1)[1].split()[0] for line in text.splitlines() if "/dev/shm/" in line)  # noqa: S108
    return frozenset(names)


def remove_unused_regions(prefix: str, directory: Path = SHARED_MEMORY) -> list[str]:
    """Removes the regions with this prefix that no process has mapped; returns their names."""
    regions = [path for path in directory.glob(f"{prefix}*") if path.is_file()]
    if not regions:
        return []
    mapped = mapped_regions()
    unused = [path for path in regions if path.name not in mapped]
    for path in unused:
        path.unlink(missing_ok=True)
    return [path.name for path in unused]
