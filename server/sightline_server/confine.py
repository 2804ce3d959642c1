"""Starts a program on some cores only: `python confine.py CORE,… PROGRAM [ARGUMENT…]`.

This is a program of its own, because Python code must not run in the forked child of a process that has threads.
"""

import os
import sys


def main() -> None:
    cores, *command = sys.argv[1:]
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    os.execv(command[0], command)  # noqa: S606  # the program is tritonserver, found by runtime.py


if __name__ == "__main__":
    main()
