"""Which cores are whose, and how many there are."""

from pathlib import Path

import pytest

from sightline_backend import cores as backend_cores
from sightline_server.cores import available_cores
from sightline_server.errors import MachineError
from sightline_server.tuning.cores import Cores, share_out


def test_without_a_number_nothing_is_confined() -> None:
    assert share_out(None, {0, 1, 2, 3}, available=2) == Cores(2)


def test_the_load_generator_has_the_rest() -> None:
    assert share_out(2, {7, 4, 5}, available=3) == Cores(2, (4, 5), (7,))
    assert share_out(2, {0, 1}, available=2) == Cores(2, (0, 1), ())


def test_more_cores_than_a_quota_allows_are_refused() -> None:
    with pytest.raises(MachineError, match="Expected 3 cores for --cpus 3, this process may use 2"):
        share_out(3, {0, 1, 2, 3}, available=2)


@pytest.mark.parametrize(
    "files",
    [
        {"cpu.max": "max 100000"},
        {"cpu.max": "100000 100000"},
        {"cpu.max": "nonsense"},
        {"cpu/cpu.cfs_quota_us": "150000", "cpu/cpu.cfs_period_us": "100000"},
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
        {},
    ],
)
def test_the_server_counts_cores_as_the_backends_do(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert available_cores(tmp_path) == backend_cores.available_cores(tmp_path)
    if "100000 100000" in files.values():
        assert available_cores(tmp_path) == 1
