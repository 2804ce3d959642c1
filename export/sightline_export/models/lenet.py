"""LeNet-5: a convolutional classifier in sixty thousand weights.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", 1998, with colour
pictures, every channel of C3 connected to all of S2, ReLU (Nair & Hinton 2010) and max-pooling, as it is taught today.
"""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class LeNetConfig:
    channels: int = 3
    classes: int = 10


class LeNet(nn.Module):
    """Normalised pictures (B, 3, 32, 32) to logits (B, 10).

    >>> LeNet(LeNetConfig())(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(self, config: LeNetConfig) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(config.channels, 6, kernel_size=5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.head = nn.Linear(84, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, 3, 32, 32)
        x = self.pool(self.conv1(x).relu())  # (B, 6, 28, 28), pooled (B, 6, 14, 14)
        x = self.pool(self.conv2(x).relu())  # (B, 16, 10, 10), pooled (B, 16, 5, 5)
        x = self.fc1(x.flatten(1)).relu()  # (B, 400) to (B, 120)
        x = self.fc2(x).relu()  # (B, 84)
        return self.head(x)  # (B, 10)
