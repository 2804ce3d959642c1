"""Real mistakes, traced for real: one line names the cause, the place and the fix."""

import importlib.util
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
import torch
from export.graph import broken_networks as broken
from torch import nn

from sightline_export.errors import GraphRefused
from sightline_export.graph.explain import explain
from sightline_export.graph.freezing import where_frozen

EXAMPLE = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(8))
SOURCE = Path(broken.__file__)
SIZE_FIX = "--size WIDTHxHEIGHT"
VALUES = "expected a network that does the same for every picture, got a decision that depends on the values"
SIZE = "expected a network for pictures of the size that was given, got "

BROKEN: dict[str, tuple[Callable[[], nn.Module], str, str, str]] = {
    # what: (network, the line begins with, the code that it names, the fix that it gives)
    "if on a value": (broken.ValueInCondition, VALUES, "if x.sum() > 0:", "use torch.where"),
    "if on .item()": (broken.ItemInCondition, VALUES, "if x.mean().item() > 0.5:", "use torch.where"),
    "svd": (
        broken.SingularValues,
        "expected operators that ONNX has, got aten._linalg_svd",
        "torch.linalg.svdvals(",
        "compute it with other operators",
    ),
    "custom operator": (
        broken.CustomOperator,
        "expected operators that ONNX has, got sightline_tests.double",
        "double(x)",
        "compute it with other operators",
    ),
    "attention on 3 axes": (
        broken.FlatAttention,
        "expected operators that ONNX has, got scaled_dot_product_attention on tensors of 3 axes",
        "",
        "x.unsqueeze(1)",
    ),
    "head for another size": (
        broken.HeadForAnotherSize,
        SIZE + "192 numbers per picture for a layer that takes 768, from pictures of 8x8",
        "self.head(",
        SIZE_FIX,
    ),
    "too small for a kernel": (
        broken.TooSmallForAKernel,
        SIZE + "a picture smaller than a kernel, from pictures of 8x8",
        "self.conv(",
        SIZE_FIX,
    ),
    "positions for another size": (
        broken.PositionsForAnotherSize,
        SIZE + "shapes that do not fit: The size of tensor a (8) must match the size of tensor b (14)",
        "x + self.positions",
        SIZE_FIX,
    ),
    "asserts its size": (
        broken.AssertsItsSize,
        SIZE + "shapes that do not fit: Input height (8) doesn't match model (224)",
        "assert x.shape[2] == 224",
        SIZE_FIX,
    ),
    "views its size": (broken.ViewsItsSize, SIZE + "shapes that do not fit: shape '[", "x.view(", SIZE_FIX),
    "channels": (
        broken.TakesGrey,
        "expected a network for pictures with 3 channels, got one that takes 1",
        "self.conv(x)",
        "in_channels=3",
    ),
    "second input": (
        broken.TwoInputs,
        "expected a network with one input, the picture, got one that needs mask too",
        "",
        "wrap it in a module whose forward() takes the picture only",
    ),
    "changes itself": (
        broken.ChangesItself,
        "expected a network that changes nothing while it runs, got Constant seen is mutated",
        "",
        "write x = x + y instead of x += y",
    ),
    "through Pillow": (
        broken.ThroughPillow,
        "expected a network that computes with tensors only, got a tensor that leaves PyTorch",
        "Image.fromarray(",
        "move everything else out of forward()",
    ),
    "another device": (
        broken.OnAnotherDevice,
        "expected a network on the CPU, got a tensor that is put on another device",
        'device="meta"',
        "device=x.device",
    ),
    "its own error": (
        broken.FailsByItself,
        "expected a network that PyTorch can trace with any batch size, got KeyError: 'weights'",
        'raise KeyError("weights")',
        "run it once on torch.zeros(2, channels, height, width)",
    ),
    "compiled already": (
        broken.compiled,
        "expected a network as torch.nn.Module, got a compiled TorchScript module",
        "",
        "give the factory of the module",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("make", "beginning", "code", "fix"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_is_explained_in_one_line(make: Callable[[], nn.Module], beginning: str, code: str, fix: str) -> None:
    with pytest.raises(Exception) as raised, redirect_stdout(StringIO()):  # noqa: PT011
        torch.onnx.export(
            make().eval(), (EXAMPLE,), dynamo=True, opset_version=20, dynamic_shapes=({0: torch.export.Dim("batch")},)
        )
    line = explain(raised.value)
    assert line.startswith(beginning)
    assert fix in line.partition("; ")[2]
    assert "\n" not in line
    if code:
        place = re.search(r"\(at .*broken_networks\.py:(\d+): (.*)\); ", line)
        assert place
        assert code in place[2]
        assert SOURCE.read_text().splitlines()[int(place[1]) - 1].strip() == place[2]


FREEZING: dict[str, tuple[type[nn.Module], str]] = {
    "a number in view": (broken.BatchInView, "x.view(2, -1)"),
    "int() of the batch size": (broken.BatchAsInt, "int(x.shape[0])"),
    "if on the batch size": (broken.BatchInCondition, "if x.shape[0] == 2:"),
    "a weight per picture": (broken.TokenPerPicture, "torch.cat([self.token, x], 1)"),
    "a loop over the pictures": (broken.LoopOverPictures, "for picture in x"),
    "tolist()": (broken.ThroughLists, ".tolist()"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("make", "code"), FREEZING.values(), ids=FREEZING)
def test_the_line_that_freezes_the_batch_is_found_and_explained(make: type[nn.Module], code: str) -> None:
    place = where_frozen(make(), (EXAMPLE,))
    assert place is not None
    assert "broken_networks.py:" in place
    assert code in place
    with pytest.raises(Exception, match="batch") as raised:
        torch.export.export(make(), (EXAMPLE,), dynamic_shapes=({0: torch.export.Dim("batch")},), strict=False)
    line = explain(raised.value)
    assert line.startswith("expected a network that takes batches of any size, got a batch size that forward() turns")
    assert "x.flatten(1)" in line


@pytest.mark.parametrize("make", [broken.AnswersADict, broken.Prints])
def test_a_sound_network_freezes_nothing(make: type[nn.Module]) -> None:
    with redirect_stdout(StringIO()):
        assert where_frozen(make(), (EXAMPLE,)) is None


MESSAGES = [
    (RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x192 and 768x5)"), "192 numbers .* takes 768"),
    (RuntimeError("Torch not compiled with CUDA enabled"), "a tensor that is put on another device"),
    (RuntimeError("Cannot access data pointer of Tensor (e.g. FakeTensor)"), "a tensor that leaves PyTorch"),
    (GraphRefused("expected one thing,\ngot another; do that"), "^expected one thing, got another; do that$"),
    (ValueError(""), "got ValueError: ; run it once"),
]


@pytest.mark.parametrize(("error", "message"), MESSAGES)
def test_what_older_releases_say_is_understood_too(error: Exception, message: str) -> None:
    line = explain(error)
    assert re.search(message, line)
    assert "\n" not in line


@pytest.mark.filterwarnings("ignore")
def test_the_line_of_a_library_is_named_and_ours_around_it_is_not(tmp_path: Path) -> None:
    """What is traced may come from an installed library, and always sits inside this project's own graph."""
    library = tmp_path / "site-packages" / "borrowed"
    library.mkdir(parents=True)
    (library / "net.py").write_text(
        'def forward(x):\n    raise ValueError("Wrong image height! Expected 224 but got 8!")\n'
    )
    spec = importlib.util.spec_from_file_location("borrowed_net", library / "net.py")
    assert spec
    assert spec.loader
    net = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(net)

    class Borrowed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return cast(torch.Tensor, net.forward(x))

    with pytest.raises(ValueError, match="Wrong image") as raised:
        torch.export.export(Borrowed(), (EXAMPLE,), strict=False)
    line = explain(raised.value)
    assert 'from pictures of 8x8 (at borrowed/net.py:2: raise ValueError("Wrong image height!' in line
