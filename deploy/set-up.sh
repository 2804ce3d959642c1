#!/bin/sh
# Makes .venv with the four distributions, and in it the runtime that serves. Called by `make`; safe to repeat.
set -eu

say() { printf '%s\n' "$*" >&2; }
fail() { say "Error: $*"; exit 10; }

version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || fail "expected a Python at '$PYTHON', found \
none; install python3 or name another with: make PYTHON=/path/to/python3"
case $version in
    3.10 | 3.11 | 3.12) ;;
    *) fail "expected Python 3.10, 3.11 or 3.12, got $version; name another with: make PYTHON=/path/to/python3" ;;
esac
"$PYTHON" -c 'import ensurepip' 2>/dev/null || fail "expected Python's venv with pip, found none; install it with: \
apt-get install python$version-venv"

say "set-up: .venv with Python $version"
made=$(.venv/bin/python -c 'import pip, sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || made=none
[ "$made" = "$version" ] || "$PYTHON" -m venv --clear .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
say "set-up: installing $TORCH and the four distributions (minutes on the first run)"
.venv/bin/python -m pip install --quiet 'pip>=23'  # Ubuntu 22.04 makes environments with one that lacks --python
# shellcheck disable=SC2086  # TORCH may carry options
.venv/bin/python -m pip install --quiet $TORCH
# The PyTorch that was chosen stays: torchvision, asked for by the extra `models`, would otherwise bring the newest one.
.venv/bin/python -c 'from importlib.metadata import version; print("torch==" + version("torch"))' > .venv/constraints.txt
.venv/bin/python -m pip install --quiet --constraint .venv/constraints.txt -e client -e server -e "export[models]" -e python_backend -r requirements-dev.txt
.venv/bin/sightline install-runtime
.venv/bin/sightline doctor --machine-only
