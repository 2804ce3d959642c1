"""Python files as users have them, good and bad."""

from pathlib import Path
from typing import Any, cast

import safetensors.torch
from torch import Tensor

SMALL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, channels=3, classes=5, softmax=False):
        super().__init__()
        self.features = nn.Conv2d(channels, 8, 3, stride=2)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, classes)
        self.softmax = softmax

    def forward(self, x):
        y = 9 * self.head(self.norm(self.features(x)).relu().mean((2, 3)))
        return y.softmax(1) if self.softmax else y

def small():
    return Net()

def probabilities():
    return Net(softmax=True)

def grey():
    return Net(channels=1)

def two_classes():
    return Net(classes=2)

def one_output():
    return Net(classes=1)

class Sigmoid(Net):
    def forward(self, x):
        return super().forward(x).sigmoid()

class Blind(Net):
    def forward(self, x):
        return super().forward(0 * x)

class Flat(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(1), nn.Linear(24 * 32, 5))

class Tuple(Net):
    def forward(self, x):
        return super().forward(x), x

class Map(Net):
    def forward(self, x):
        return self.features(x)

class Integers(Net):
    def forward(self, x):
        return super().forward(x).argmax(1, keepdim=True)

def fails():
    raise KeyError("no such layer")

def leaves():
    raise SystemExit(3)

def text():
    return "net"

def needs(width):
    return Net()

number = 4
instance = Net()
"""


def write(folder: Path, text: str = SMALL, name: str = "nets.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def save_safetensors(state: dict[str, Tensor], path: Path) -> None:
    cast(Any, safetensors.torch).save_file(state, path)  # typed in part
