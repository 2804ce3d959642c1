"""The attention roll-out of the vision transformer is the product that its paper defines."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sightline_export.models.attention import Attention, ViT, ViTConfig


def test_the_roll_out_is_the_product_of_all_blocks_half_of_which_goes_around_the_attention() -> None:
    torch.manual_seed(0)
    network = ViT(ViTConfig(depth=3)).eval()
    seen: list[NDArray[np.float64]] = []

    def keep(_: nn.Module, __: object, output: tuple[Tensor, Tensor]) -> None:
        seen.append(output[1].mean(dim=1).double().numpy())  # over the heads: (B, 65, 65)

    for module in network.modules():
        if isinstance(module, Attention):
            module.register_forward_hook(keep)
    with torch.inference_mode():
        _, rollout = network(torch.rand(2, 3, 64, 64))
    assert len(seen) == 3
    for index in range(2):
        product = np.eye(65)
        for weights in seen:
            product = (0.5 * weights[index] + 0.5 * np.eye(65)) @ product
        wanted = product[0, 1:] / product[0, 1:].sum()
        np.testing.assert_allclose(rollout[index].numpy().ravel(), wanted, rtol=1e-4)
    assert float(np.abs(seen[-1][0][0, 1:] / seen[-1][0][0, 1:].sum() - rollout[0].numpy().ravel()).max()) > 1e-5
