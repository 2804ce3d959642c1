"""Networks with random weights answer differently to different pictures, so that a comparison can fail."""

from typing import Any

import pytest
import torch
from torch import nn

from sightline_export.sources.random_weights import SPREAD, enliven, spread_logits
from sightline_export.sources.torchvision_operators import declare_operators


class Dead(nn.Module):
    """A head of zeros behind a branch of next to nothing and statistics that were never taken."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.branch = nn.Conv2d(8, 8, 3, padding=1)
        self.gamma = nn.Parameter(torch.full((8, 1, 1), 1e-6))
        self.head = nn.Linear(8, 5)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.stem(x))
        x = x + self.gamma * self.branch(x)
        return self.head(x.relu().mean(dim=(2, 3)))


@pytest.fixture
def pictures() -> torch.Tensor:
    return torch.rand(4, 3, 12, 12, generator=torch.Generator().manual_seed(0))


def test_a_dead_network_gives_every_picture_its_own_answer(pictures: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = Dead().eval()
    assert network(pictures).std(dim=0).max() == 0
    enliven(network, pictures)
    assert network(pictures).std(dim=0).max() > 1e-4


def test_a_vision_transformer_of_torchvision_ends_in_zeros_no_more() -> None:
    declare_operators()
    from torchvision.models import VisionTransformer

    torch.manual_seed(0)
    network: Any = VisionTransformer(16, 8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=7).eval()
    pictures = torch.rand(4, 3, 16, 16)
    with torch.inference_mode():
        assert not network(pictures).any()
    enliven(network, pictures)
    with torch.inference_mode():
        spread_logits(network, lambda: network(pictures))
        logits = network(pictures)
    assert logits.std(dim=1).mean().item() == pytest.approx(SPREAD, rel=0.01)
    assert logits.std(dim=0).max() > 0.01


def test_every_branch_counts(pictures: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = Dead().eval()
    enliven(network, pictures)
    answer = network(pictures)
    nn.init.zeros_(network.branch.weight)
    assert (network(pictures) - answer).abs().max() > 1e-3


def test_batch_statistics_are_those_of_the_pictures_and_evaluation_mode_stays(pictures: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = Dead().eval()
    enliven(network, pictures)
    assert not any(module.training for module in network.modules())
    assert network.norm.momentum == 0.1
    normed = network.norm(network.stem(pictures))
    torch.testing.assert_close(normed.mean(dim=(0, 2, 3)), torch.zeros(8), atol=1e-4, rtol=0)


def test_weights_that_are_alive_stay(pictures: torch.Tensor) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(400, 3))
    before = [parameter.clone() for parameter in network.parameters()]
    enliven(network, pictures)
    assert all(torch.equal(old, new) for old, new in zip(before, network.parameters(), strict=True))
