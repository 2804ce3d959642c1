"""No known mistake explains it: which stage do the values themselves point at?"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sightline_export.difference.findings import AnswerEvidence, Finding, PixelEvidence
from sightline_export.difference.observations import Answers, Pixels
from sightline_export.difference.stages import Stage

_LIKE_ANOTHER_DECODER = 16, 2.5  # levels: the largest difference, the mean
_FITS = 0.1  # of the squared difference is left
_BLOCKS = 4


def unexplained_pixels(
    expected: Pixels, served: Pixels, where: str, evidence: PixelEvidence, *, lossless: bool
) -> Finding:
    """Levels, fine detail or geometry? expected, served: uint8 (h, w, c).

    lossless: whether every decoder makes the same levels of the file, as of a PNG.
    """
    stage, cause, advice = _of_pixels(expected, served, evidence, lossless)
    return Finding(stage, None, cause, advice, where, "no", evidence, 1.0)


def _of_pixels(expected: Pixels, served: Pixels, evidence: PixelEvidence, lossless: bool) -> tuple[Stage, str, str]:
    is_small = evidence.largest <= _LIKE_ANOTHER_DECODER[0] and evidence.mean < _LIKE_ANOTHER_DECODER[1]
    is_fine = _share_of_blocks(expected, served) < 0.6
    if is_fine and (_follows_detail(expected, served) or (is_small and lossless)):
        return (
            Stage.RESIZE,
            "gives other fine detail, and the same picture otherwise: another filter or library, or resized twice",
            "resize once, from the picture's own pixels, as training did, with Pillow",
        )
    if is_small:
        return (
            Stage.DECODE,
            f"gives slightly other levels, by at most {evidence.largest}, as another decoder or another library does",
            "decode and resize with sightline_backend.pixels.decode and the Pillow of training",
        )
    channels = expected.shape[2]
    names = ("red", "green", "blue") if channels == 3 else ("grey",)
    wanted = np.c_[expected.reshape(-1, channels).astype(float), np.ones(expected.size // channels)]
    got = served.reshape(-1, channels).astype(float)
    matrix = cast("NDArray[np.float64]", cast("Any", np.linalg.lstsq(wanted, got, rcond=None))[0])
    left = float(((wanted @ matrix - got) ** 2).mean() / max(float(((wanted[:, :channels] - got) ** 2).mean()), 1e-9))
    if left < _FITS:
        mix = matrix[:channels]
        if channels > 1 and float(np.abs(mix - np.diag(np.diag(mix))).max()) > 0.25:
            rows = "; ".join(", ".join(f"{v:.2f}" for v in mix[:, c]) for c in range(channels))
            return (
                Stage.COLOUR_ORDER,
                f"mixes the channels: it gives {rows} of red, green, blue",
                "keep the channels apart",
            )
        missing = [names[c] for c in range(channels) if mix[c, c] < _FITS]
        if 0 < len(missing) < channels:
            cause = f"gives nothing of the channel {' and '.join(missing)}"
            return Stage.COLOUR_ORDER, cause, "keep all channels of the picture"
        factors = ", ".join(f"{mix[c, c]:.2f} * level {matrix[channels, c]:+.0f}" for c in range(channels))
        return Stage.DECODE, f"gives other levels: {factors}", "keep the levels of the file"
    spread = np.abs(np.sort(expected, axis=None).astype(float) - np.sort(served, axis=None)).mean()
    if spread < 0.35 * evidence.mean:
        return (
            Stage.RESIZE,
            "shows the picture at another place, in another size or turned",
            "fit the picture as training did",
        )
    return Stage.DECODE, "gives another picture", "see that the service decodes the bytes that it is sent"


def _share_of_blocks(expected: Pixels, served: Pixels) -> float:
    """The part of the difference that is left when small blocks are averaged: little where only fine detail differs."""
    difference = np.abs(expected.astype(float) - served).mean()
    return float(np.abs(_blocks(expected) - _blocks(served)).mean() / max(difference, 1e-9))


def _follows_detail(expected: Pixels, served: Pixels) -> bool:
    """Sharper or softer: the difference is a multiple of what sets a pixel apart from its neighbours."""
    around = np.pad(expected.astype(float), ((1, 1), (1, 1), (0, 0)), mode="edge")
    neighbours = around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:]
    detail, difference = expected - neighbours / 4, served.astype(float) - expected
    size = float(np.sqrt((detail**2).sum() * (difference**2).sum()))
    return abs(float((detail * difference).sum())) > 0.3 * max(size, 1e-9)


def _blocks(pixels: Pixels) -> NDArray[np.float64]:
    h, w, c = pixels.shape
    size_h, size_w = min(_BLOCKS, h), min(_BLOCKS, w)
    cut = pixels[: h - h % size_h, : w - w % size_w].astype(float)
    return cut.reshape(h // size_h, size_h, w // size_w, size_w, c).mean(axis=(1, 3))


def unexplained_answers(
    expected: Answers, served: Answers, named: bool, where: str, evidence: AnswerEvidence | None
) -> Finding:
    """expected, served: (P, …), answers to the same pixels. named: whether the graph names its stages."""
    among = "" if named else " (the graph does not name its stages: it may be scaling or postprocessing as well)"
    stage, cause, advice = _of_answers(expected, served)
    return Finding(stage, None, cause + among, advice, where, "no", evidence, 1.0)


def always_the_same(expected: Answers, served: Answers) -> bool:
    """Where training answers differently to different pixels. expected, served: (P, k)."""
    return len(served) > 1 and bool((served == served[0]).all()) and not bool((expected == expected[0]).all())


def _of_answers(expected: Answers, served: Answers) -> tuple[Stage, str, str]:
    weights = "compare the version and the checksum of its model.onnx with the repository's"
    if expected.shape != served.shape:
        shapes = f"{list(served.shape[1:])}, not {list(expected.shape[1:])}"
        return Stage.NETWORK, f"answers in the shape {shapes}: it is another network", weights
    if not np.all(np.isfinite(served)):
        return Stage.NETWORK, "answers with NaN or infinity", "look for an overflow, for example in FP16"
    if always_the_same(expected, served):
        return (
            Stage.NETWORK,
            "answers the same to every picture",
            "see that the service reads its input, and look at its cache",
        )
    sums = float(np.abs(expected.sum(axis=1) - 1).max()), float(np.abs(served.sum(axis=1) - 1).max())
    if sums[0] < 1e-3 < sums[1] or (expected.min() >= 0 > served.min()):
        return Stage.POSTPROCESSING, "gives numbers that are no probabilities", "postprocess as the graph does"
    if float(np.abs(expected - served).max()) < 0.01 * max(float(np.ptp(expected)), 1e-9):
        return (
            Stage.NETWORK,
            "answers slightly differently, as lower precision does (FP16, TF32, INT8)",
            ("serve the graph in FP32, or state a larger tolerance"),
        )
    return Stage.NETWORK, "answers differently to the same pixels, as other weights do", weights
