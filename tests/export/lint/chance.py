"""Mutations by chance: one token or one line of one configuration. Nobody could fit lint to them by hand."""

import random
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from export.lint.case import Case
from export.lint.edits import config
from export.lint.repositories import HEALTHY
from export.lint.touched import touched

_TOKEN = re.compile(r'"[^"]*"|\bTYPE_\w+|-?\b\d+\b|\bKIND_\w+|\bFORMAT_\w+')
_TYPES = ("TYPE_FP32", "TYPE_FP16", "TYPE_INT64", "TYPE_INT32", "TYPE_UINT8", "TYPE_STRING", "TYPE_BOOL")
_KINDS = ("KIND_GPU", "KIND_AUTO", "KIND_MODEL")
_FORMATS = ("FORMAT_NONE", "FORMAT_NCHW", "FORMAT_NHWC")


def chance_cases(seed: int, count: int) -> tuple[Case, ...]:
    """`count` mutations of healthy repositories, the same ones for the same seed."""
    return tuple(islice(_cases(random.Random(seed), seed), count))  # noqa: S311  # no secret


def _cases(dice: random.Random, seed: int) -> Iterator[Case]:
    number, drawn = 0, set[tuple[str, str, str]]()
    while True:
        base = dice.choice(sorted(HEALTHY))
        model = dice.choice(HEALTHY[base].models)
        text = _config_of(base, model)
        changed, how = _changed(text, dice)
        if (base, model, changed) in drawn:
            continue
        drawn.add((base, model, changed))
        # instances cost processes, and those that are left out, one per core
        if changed != text and "count" not in how and "instance_group" not in how:
            number += 1
            sentence = f"{model}: {how}"
            case = Case(f"chance-{seed}-{number}", sentence, base, config(model, changed), HEALTHY[base].models)
            yield replace(case, targets=touched(case))


def _config_of(base: str, model: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        HEALTHY[base].build(Path(folder))
        path = Path(folder, model, "config.pbtxt")
        return path.read_text() if path.exists() else 'backend: "onnxruntime"\nmax_batch_size: 0\n'


def _changed(text: str, dice: random.Random) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    line, draw = dice.randrange(len(lines)), dice.random()
    if draw < 0.15:
        return "".join(lines[:line] + lines[line + 1 :]), f"without the line {lines[line].strip()!r}"
    if draw < 0.25:
        return "".join(lines[: line + 1] + lines[line:]), f"twice the line {lines[line].strip()!r}"
    token = dice.choice(list(_TOKEN.finditer(text)))
    new, before = _other(token[0], text, dice), text[max(0, token.start() - 30) : token.start()]
    return text[: token.start()] + new + text[token.end() :], f"{new} for {token[0]} after {before!r}"


def _other(token: str, text: str, dice: random.Random) -> str:
    if token.startswith('"'):
        others = [other for other in re.findall(r'"[^"]*"', text) if other != token]
        return dice.choice(others) if others and dice.random() < 0.5 else f'"{token[1:-1]}x"'
    for start, kinds in (("TYPE_", _TYPES), ("KIND_", _KINDS), ("FORMAT_", _FORMATS)):
        if token.startswith(start):
            return dice.choice([kind for kind in kinds if kind != token])
    number = int(token)
    return str(dice.choice([number + 1, 0, -1, min(2 * number, 64), 1]))
