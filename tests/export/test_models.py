"""Every architecture: the documented shapes come out, and every weight is trained."""

import pytest
import torch
from torch import Tensor, nn

from sightline_export.models.attention import Attention, ViT, ViTConfig
from sightline_export.models.cnn import CNN, CNNConfig

PICTURES = (3, 64, 64)
CASES = [
    pytest.param(CNN(CNNConfig()), PICTURES, [(10,)], id="cnn"),
    pytest.param(ViT(ViTConfig()), PICTURES, [(10,), (8, 8)], id="attention"),
]


def outputs_of(network: nn.Module, batch: int, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    output: Tensor | tuple[Tensor, ...] = network(
        torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))
    )
    return (output,) if isinstance(output, Tensor) else output


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize(("network", "takes", "gives"), CASES)
def test_outputs_have_the_documented_shapes(
    network: nn.Module, takes: tuple[int, ...], gives: list[tuple[int, ...]], batch: int
) -> None:
    network.eval()
    assert [tuple(output.shape) for output in outputs_of(network, batch, takes)] == [(batch, *shape) for shape in gives]


@pytest.mark.parametrize(("network", "takes", "gives"), CASES)
def test_every_weight_gets_a_gradient(network: nn.Module, takes: tuple[int, ...], gives: list[tuple[int, ...]]) -> None:
    network.train()
    network.zero_grad()
    sum(output.square().sum() for output in outputs_of(network, 4, takes)).backward()  # pyright: ignore
    untrained = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert untrained == []


def test_layer_sizes_are_those_of_the_sketch() -> None:
    cnn = CNN(CNNConfig())
    assert (cnn.hidden.in_features, cnn.hidden.out_features, cnn.head.out_features) == (64 * 16 * 16, 512, 10)


def test_attention_agrees_with_pytorchs_own() -> None:
    attention = Attention(width=16, heads=4).eval()
    x = torch.randn(2, 7, 16, generator=torch.Generator().manual_seed(1))
    reference = nn.MultiheadAttention(16, 4, batch_first=True).eval()
    with torch.no_grad():
        reference.in_proj_weight.copy_(attention.qkv.weight)
        reference.in_proj_bias.copy_(attention.qkv.bias)  # pyright: ignore[reportOptionalMemberAccess]
        reference.out_proj.load_state_dict(attention.out.state_dict())
        y, weights = attention(x)
        wanted, wanted_weights = reference(x, x, x, average_attn_weights=False)
    torch.testing.assert_close(y, wanted)
    torch.testing.assert_close(weights, wanted_weights)


def test_attention_map_of_the_class_token_sums_to_one() -> None:
    _, attention = ViT(ViTConfig())(torch.rand(3, *PICTURES, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(attention.sum(dim=(1, 2)), torch.ones(3))
