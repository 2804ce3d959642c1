"""What a server, or lint, says about one model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """max_batch: the most rows that one request may have and that the model really answers; 0 where there is no batch
    axis, where the model does not load, and where it loads but answers nothing.
    """

    loads: bool
    max_batch: int
    reason: str = ""

    @property
    def verdict(self) -> tuple[bool, int]:
        return self.loads, self.max_batch

    def __str__(self) -> str:
        said = f"loads, batch {self.max_batch}" if self.loads else "does not load"
        return f"{said} ({self.reason})" if self.reason else said
