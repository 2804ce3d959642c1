"""Starts a program with the limits it needs, tied to its parent: `python launch.py PARENT_PID PROGRAM [ARGUMENT…]`.

A supervisor that is killed outright cannot end its tritonserver, so the kernel is asked to. This is a program of its
own, because Python code must not run in the forked child of a process that has threads.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
# The HTTP server of 2.51 copies the body of a POST that calls itself a form (as `curl --data-binary` does) to the stack
# of its thread, and dies of 4 MiB with the usual 8 MiB.
STACK_BYTES = 64 << 20
OPEN_FILES = 65536


def raise_soft_limit(kind: int, wanted: int) -> None:
    soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(kind, (wanted, hard))


def main() -> None:
    parent, *command = sys.argv[1:]
    raise_soft_limit(resource.RLIMIT_STACK, STACK_BYTES)
    raise_soft_limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        raise SystemExit(1)
    os.execv(command[0], command)  # noqa: S606  # the program is tritonserver, found by runtime.py


if __name__ == "__main__":
    main()
