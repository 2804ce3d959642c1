"""A convolutional classifier of MNIST's 28x28 grey pictures: two convolution-and-pool stages, then a dense layer.

The arrangement of Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998, as the tutorials of
the field write it today: 3x3 convolutions, ReLU (Nair & Hinton 2010), max-pooling, dropout (Srivastava et al. 2014).
The softmax is put on it in the served graph; training wants the logits.
"""

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class MnistCNNConfig:
    widths: tuple[int, int] = (32, 64)
    hidden: int = 128
    classes: int = 10
    dropout: float = 0.3


class MnistCNN(nn.Module):
    """Normalised grey pictures (B, 1, 28, 28) to logits (B, 10).

    >>> MnistCNN(MnistCNNConfig())(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, config: MnistCNNConfig) -> None:
        super().__init__()
        first, second = config.widths
        self.conv1 = nn.Conv2d(1, first, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(first, second, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.hidden = nn.Linear(second * 7 * 7, config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden, config.classes)

    def forward(self, x: Tensor) -> Tensor:
        # x: (B, 1, 28, 28)
        x = self.pool(self.conv1(x).relu())  # (B, 32, 14, 14)
        x = self.pool(self.conv2(x).relu())  # (B, 64, 7, 7)
        x = self.hidden(x.flatten(1)).relu()  # (B, 128)
        return self.head(self.dropout(x))  # (B, 10)
