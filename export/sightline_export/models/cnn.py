"""A small convolutional classifier: two convolution-and-pool stages, then two linear layers.

The arrangement is that of LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998) with
today's ReLU (Nair & Hinton 2010), max-pooling and dropout (Srivastava et al. 2014).
"""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class CNNConfig:
    image_size: int = 64  # pictures are square
    channels: int = 3
    widths: tuple[int, int] = (32, 64)
    hidden: int = 512
    classes: int = 10
    dropout: float = 0.3  # on the hidden layer, the one with 8.4 of the 8.4 million weights


class CNN(nn.Module):
    """Normalised pictures (B, 3, 64, 64) to logits (B, 10).

    >>> CNN(CNNConfig())(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 10])
    """

    def __init__(self, config: CNNConfig) -> None:
        super().__init__()
        first, second = config.widths
        side = config.image_size // 4  # two pools halve it twice
        self.conv1 = nn.Conv2d(config.channels, first, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(first, second, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.hidden = nn.Linear(second * side * side, config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, 3, 64, 64)
        x = self.pool(self.conv1(x).relu())  # (B, 32, 32, 32)
        x = self.pool(self.conv2(x).relu())  # (B, 64, 16, 16)
        x = self.hidden(x.flatten(1)).relu()  # (B, 512)
        return self.head(self.dropout(x))  # (B, 10)
