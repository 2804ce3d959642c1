"""Processor time is that of a process and of all that it started."""

import subprocess
import sys

import pytest
from benchmarks.serving.process_tree import tree_cpu_s

BURN = "import time\nwhile time.process_time() < 0.5: pass\n"
WAIT = "print(flush=True); input()\n"
RUNNING = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN + WAIT!r}])"
ENDED = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}]); {WAIT}"


@pytest.mark.parametrize("program", [RUNNING, ENDED], ids=["runs", "has ended"])
def test_a_child_counts_while_it_runs_and_once_it_has_ended(program: str) -> None:
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        needed_s = tree_cpu_s(parent.pid)
        parent.communicate(b"\n")
    assert needed_s >= 0.4


def test_a_process_that_has_ended_needs_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert tree_cpu_s(process.pid) == 0
