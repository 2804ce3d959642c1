import subprocess
import sys
import threading

from sightline_backend.idle_memory import IdleMemory

# the last block keeps what lies before it in the heap, as a long-lived object does
HOLDS_AND_GIVES_BACK = """
import pathlib
from sightline_backend.idle_memory import trim_heap

def resident_mib():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

blocks = [bytearray(1 << 20) for _ in range(64)]
kept = bytearray(1 << 20)
del blocks
before = resident_mib()
trim_heap()
print(before - resident_mib())
"""


def test_freed_memory_stays_with_the_process_until_it_is_given_back() -> None:
    settings = {"MALLOC_TRIM_THRESHOLD_": str(256 << 20), "MALLOC_MMAP_THRESHOLD_": str(256 << 20)}
    done = subprocess.run(
        [sys.executable, "-c", HOLDS_AND_GIVES_BACK], env=settings, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) >= 60


def test_memory_is_given_back_after_each_pause() -> None:
    given_back = threading.Semaphore(0)
    memory = IdleMemory(pause_s=0.01, give_back=given_back.release)
    for _ in range(2):
        for _ in range(20):
            memory.used()
        assert given_back.acquire(timeout=30)
    memory.used()
    assert given_back.acquire(timeout=30)


def test_nothing_is_given_back_while_requests_come() -> None:
    given_back: list[float] = []
    memory = IdleMemory(pause_s=3600, give_back=lambda: given_back.append(0))
    for _ in range(100):
        memory.used()
    assert not given_back
