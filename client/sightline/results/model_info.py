"""What the server says about its models."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a model.

    Attributes:
        name: Name of the tensor.
        datatype: Triton's name of the element type, such as "FP32", "UINT8" or "BYTES".
        shape: Size of each axis, -1 where it may vary. The batch axis, if the model has one, is the first and -1.
        is_optional: Whether a request may leave this input out.

    Raises:
        ValueError: The name is empty, or an axis is smaller than -1.

    Example:
        ```python
        print(TensorInfo("SCORES", "FP32", (-1, 10)))  # SCORES FP32 [-1, 10]
        print(TensorInfo("WIDTH", "INT32", (-1, 1), is_optional=True))  # WIDTH INT32 [-1, 1] optional
        ```
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    is_optional: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.datatype:
            raise ValueError(f"expected a name and a datatype, got {self.name!r} and {self.datatype!r}")
        if any(size < -1 for size in self.shape):
            raise ValueError(f"expected axes of {self.name!r} to be -1 or larger, got {self.shape}")

    def __str__(self) -> str:
        return f"{self.name} {self.datatype} {list(self.shape)}{' optional' if self.is_optional else ''}"


@dataclass(frozen=True)
class ModelInfo:
    """What the server says about one version of a model.

    Attributes:
        name: Name of the model, as passed to `model=`.
        task: Hugging Face task id such as "image-classification"; None for a step inside another model.
        version: Number of the version, 1 or larger.
        labels: Class names, where the index is the class id; empty where the model has none.
        inputs: Tensors that the model takes.
        outputs: Tensors that the model gives.
        max_batch_size: How many requests the server may join; 0 where it never does. Above 0, the first axis of every
            tensor is the batch.
        method: How an explanation is made, such as "grad-cam"; None for models of other tasks.

    Raises:
        ValueError: The name is empty, the version is smaller than 1, or max_batch_size is negative.

    Example:
        ```python
        for model in client.models():
            print(model)  # cnn (image-classification, version 1)
        ```
    """

    name: str
    task: str | None
    version: int
    labels: tuple[str, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    max_batch_size: int = 0
    method: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("expected the name of a model, got an empty string")
        if self.version < 1:
            raise ValueError(f"expected a version of {self.name!r} of 1 or larger, got {self.version}")
        if self.max_batch_size < 0:
            raise ValueError(f"expected max_batch_size of {self.name!r} of 0 or larger, got {self.max_batch_size}")

    def __str__(self) -> str:
        return f"{self.name} ({self.task or 'a step of other models'}, version {self.version})"
