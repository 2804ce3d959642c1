"""Networks with the mistakes that people make, each of which a tracer stumbles over in its own way.

All take pictures (B, 3, 8, 8).
"""

from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor, nn


class BatchInView(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.view(2, -1) * 2


class BatchAsInt(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(int(x.shape[0]), -1)


class BatchInCondition(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[0] == 2:
            return x.flatten(1)
        return x.flatten(1) * 2


class TokenPerPicture(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.zeros(2, 3, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.token, x], 1).flatten(1)


class LoopOverPictures(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([picture.flatten() for picture in x])


class ThroughLists(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        rows = cast(Any, x.mean((1, 2, 3)).tolist())
        return torch.tensor([[row] for row in rows])


class ValueInCondition(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return x.flatten(1)
        return -x.flatten(1)


class ItemInCondition(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean().item() > 0.5:
            x = 1 - x
        return x.flatten(1)


class SingularValues(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, torch.linalg.svdvals(x.mean(1)))


@torch.library.custom_op("sightline_tests::double", mutates_args=())
def double(x: Tensor) -> Tensor:
    return x * 2


@double.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


class CustomOperator(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, double(x)).flatten(1)


class FlatAttention(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2)
        return nn.functional.scaled_dot_product_attention(tokens, tokens, tokens).flatten(1)


class HeadForAnotherSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(3 * 16 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.flatten(1))


class TooSmallForAKernel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 11)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).flatten(1)


class PositionsForAnotherSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(1, 3, 14, 14))

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.positions).flatten(1)


class AssertsItsSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[2] == 224, f"Input height ({x.shape[2]}) doesn't match model (224)."
        return x.flatten(1)


class ViewsItsSize(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], 3, 224 * 224)


class TakesGrey(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).flatten(1)


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return (x * mask).flatten(1)


class ChangesItself(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seen = torch.zeros(3, 8, 8)

    def forward(self, x: Tensor) -> Tensor:
        self.seen += x[0]
        return (x - self.seen).flatten(1)


class ThroughPillow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        small = Image.fromarray((x[0, 0] * 255).to(torch.uint8).numpy()).resize((4, 4))
        return torch.tensor(list(small.tobytes()))[None]


class OnAnotherDevice(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) + torch.zeros(192, device="meta")


class FailsByItself(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        raise KeyError("weights")


class AnswersADict(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"logits": x.flatten(1)}


class Prints(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        print(x.shape)
        return x.flatten(1)


def compiled() -> nn.Module:
    """What torch.jit.load gives."""
    return cast(nn.Module, torch.jit.trace(nn.Flatten(), torch.zeros(2, 3, 8, 8)))
