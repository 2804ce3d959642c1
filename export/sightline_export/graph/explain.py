"""What a tracer raises, in one line: what is wrong, where, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sightline_export.errors import ExportError
from sightline_export.graph.source_line import called_by_torch, chain, source_line


@dataclass(frozen=True)
class _Cause:
    """pattern: in "ErrorType: message". wanted, found, fix: the three parts of the line; they may use the groups."""

    pattern: str
    wanted: str
    found: str
    fix: str


_SIZE = "a network for pictures of the size that was given"
_SIZE_FIX = "give the size that the network was made for with --size WIDTHxHEIGHT"
_VALUES_FIX = "use torch.where, masks and clamp instead of if, while, .item(), int() and bool() in forward()"
_BATCH = "a network that takes batches of any size"
_BATCH_FIX = (
    "use x.flatten(1), x.reshape(x.shape[0], ...) without int(), or -1 for the batch axis, and no loop or condition on "
    "x.shape[0]"
)
_STAY = "a network that computes with tensors only"
_STAY_FIX = "compute with torch operators, and move everything else out of forward()"

_CAUSES = (
    _Cause(
        r"GuardOnDataDependentSymNode|DataDependentOutputException|data-dependent (control flow|branching)",
        "a network that does the same for every picture",
        "a decision that depends on the values in the picture",
        _VALUES_FIX,
    ),
    _Cause(
        r"DynamicOutputShapeException|unbacked symint|torch\._check",
        "tensors whose shape is the same for every picture",
        "a shape that depends on the values in the picture",
        "multiply by a mask, or use torch.where and topk with a fixed k, instead of nonzero and x[mask]",
    ),
    _Cause(
        r"specialized it to be a constant \((?P<batch>\d+)\)|Constraints violated|ConstraintViolation",
        _BATCH,
        "a batch size that forward() turns into a number",
        _BATCH_FIX,
    ),
    _Cause(
        r"No ONNX function found for <OpOverload\(op='(?P<op>[\w.:]+)'|Unsupported FX nodes: .*?'(?P<op2>[\w.:]+)'",
        "operators that ONNX has",
        "{op}",
        "compute it with other operators, or leave it out of the network and do it after the answer",
    ),
    _Cause(
        r"to have (?P<wanted>\d+) channels, but got (?P<given>\d+) channels",
        "a network for pictures with {given} channels",
        "one that takes {wanted}",
        "give a network whose first layer has in_channels={given}, or pixels of its own colours (gray has 1, rgb 3)",
    ),
    _Cause(
        r"same reduction dim, but got \[\w+, (?P<given>\w+)\] X \[(?P<wanted>\d+), \d+\]"
        r"|mat1 and mat2 shapes cannot be multiplied \(\w+x(?P<given2>\d+) and (?P<wanted2>\d+)x\d+\)",
        _SIZE,
        "{given} numbers per picture for a layer that takes {wanted}",
        _SIZE_FIX,
    ),
    _Cause(
        r"Kernel size can't be greater than actual input size|[Oo]utput size is too small|too small for",
        _SIZE,
        "a picture smaller than a kernel",
        _SIZE_FIX,
    ),
    _Cause(
        r"shape '.*' is invalid for input of size|[Cc]annot view a tensor"
        r"|[Ii]nput (height|width|size|image size) .*match|Wrong image (height|width)"
        r"|must match the size of tensor|Sizes of tensors must match|not broadcastable|[Ss]hape mismatch"
        r"|Attempting to broadcast",
        _SIZE,
        "shapes that do not fit: {first}",
        _SIZE_FIX,
    ),
    _Cause(
        r"missing a required argument: '(?P<name>\w+)'|missing \d+ required positional argument",
        "a network with one input, the picture",
        "one that needs {name} too",
        "wrap it in a module whose forward() takes the picture only and sets the rest",
    ),
    _Cause(
        r"is mutated in the forward method|[Ii]n-?place|mutat(ing|ion|ed)",
        "a network that changes nothing while it runs",
        "{first}",
        "write x = x + y instead of x += y on anything that outlives forward(), or call register_buffer for it",
    ),
    _Cause(
        r"\.numpy\(\) is not supported|[Cc]annot access data pointer|FakeTensor to numpy|tolist\(\)|__array__",
        _STAY,
        "a tensor that leaves PyTorch (numpy, PIL, tolist or a compiled library)",
        _STAY_FIX,
    ),
    _Cause(
        r"(?i:cuda)|Expected all tensors to be on the same device|different devices|not on the expected device",
        "a network on the CPU",
        "a tensor that is put on another device",
        "make tensors with device=x.device, and call no .cuda() in forward()",
    ),
    _Cause(
        r"ScriptModule|ScriptFunction|RecursiveScript",
        "a network as torch.nn.Module",
        "a compiled TorchScript module",
        "give the factory of the module that it was compiled from",
    ),
    _Cause(
        r"only 4D query, key, and value",
        "operators that ONNX has",
        "scaled_dot_product_attention on tensors of 3 axes",
        "give it (batch, heads, tokens, width): x.unsqueeze(1) before and squeeze(1) after",
    ),
    _Cause(
        r"AttributeError: .*(FunctionalTensor|FakeTensor)",
        _STAY,
        "{first}",
        _STAY_FIX,
    ),
)


def explain(error: Exception) -> str:
    """What torch.export and torch.onnx raised for a network, in one line with the fix.

    Names the line of people's own code where the error carries one. What this project raised itself is given as it is.

    >>> explain(RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x192 and 768x5)")).partition(";")[0]
    'expected a network for pictures of the size that was given, got 192 numbers per picture for a layer that takes 768'
    """
    if isinstance(error, ExportError):
        return _one_line(str(error))
    errors = list(chain(error))[::-1]
    place = source_line(error)
    where = f" (at {place})" if place else ""
    for one in errors:
        text = f"{type(one).__name__}: {one}"
        for cause in _CAUSES:
            if match := re.search(cause.pattern, text):
                words = {"first": _first_line(one), **_groups(match)}
                found = cause.found.format_map(words)
                if cause.wanted is _SIZE and (size := _picture_size(one)):
                    found = f"{found}, from pictures of {size}"
                return f"expected {cause.wanted.format_map(words)}, got {found}{where}; {cause.fix.format_map(words)}"
    innermost = errors[0]
    return (
        f"expected a network that PyTorch can trace with any batch size, got {type(innermost).__name__}: "
        f"{_first_line(innermost)}{where}; run it once on torch.zeros(2, channels, height, width), and look for "
        "shapes or values read as Python numbers in forward()"
    )


def _groups(match: re.Match[str]) -> dict[str, str]:
    """The named groups that matched; `given2` stands for `given` in another wording."""
    return {name.rstrip("2"): value for name, value in match.groupdict("").items() if value} | {
        name: "another input" for name in match.groupdict() if name == "name" and not match[name]
    }


def _first_line(error: BaseException) -> str:
    first, *_ = str(error).strip().splitlines() or [""]
    return first.rstrip(". ;")[:300]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _picture_size(error: BaseException) -> str | None:
    """Width and height of the picture that the outermost forward() was given."""
    for frame, _ in called_by_torch(error.__traceback__):
        for value in frame.f_locals.values():
            shape = getattr(value, "shape", ())
            if len(shape) == 4:
                sides = shape[1:3] if shape[3] in (1, 3) else shape[2:]
                return f"{sides[1]}x{sides[0]}"
    return None
