"""Which mistake between file and pixels gives what the service gave?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline_backend.pixels import PixelSpec
from sightline_export.difference.evidence import pixel_evidence
from sightline_export.difference.findings import Finding
from sightline_export.difference.matching import Match, Prediction, best_match, mean_difference
from sightline_export.difference.pixel_path import PixelLab, PixelPath, Pixels
from sightline_export.difference.stages import Stage
from sightline_export.difference.unexplained import unexplained_pixels
from sightline_export.difference.variants.colour import colour_variants
from sightline_export.difference.variants.decode import decode_variants
from sightline_export.difference.variants.orientation import orientation_variants
from sightline_export.difference.variants.resize import resize_variants
from sightline_export.difference.variants.variant import PixelVariant

_USUAL = frozenset({"full_size", "exif_ignored", "bgr", "grey"})
_WITH_EVERYTHING = "full_size"  # services that reduce no JPEG often make two further mistakes


def pixel_variants(spec: PixelSpec) -> tuple[PixelVariant, ...]:
    """All known mistakes between file and pixels, the earliest stage first."""
    return (*decode_variants(), *orientation_variants(), *colour_variants(spec), *resize_variants(spec))


@dataclass(frozen=True, eq=False)
class Shown:
    """What the mistakes make of one picture: those that change its pixels."""

    lab: PixelLab
    expected: Pixels
    singles: tuple[tuple[PixelVariant, Pixels], ...]

    @classmethod
    def of(cls, lab: PixelLab, expected: Pixels) -> Shown:
        made = ((variant, lab.pixels(variant.path)) for variant in pixel_variants(lab.spec))
        return cls(lab, expected, tuple((v, p) for v, p in made if p is not None and not np.array_equal(p, expected)))

    def alone(self) -> Iterator[tuple[tuple[PixelVariant, ...], Pixels]]:
        for variant, pixels in self.singles:
            yield (variant,), pixels

    def together(self, *, likely: bool) -> Iterator[tuple[tuple[PixelVariant, ...], Pixels]]:
        """Two mistakes of different stages, and three where a JPEG is not reduced.

        likely: only the usual mistakes together with one of resizing.
        """
        variants = [v for v, _ in self.singles if not likely or _is_usual(v)]
        pairs = [(a, b) for a in variants for b in variants if a.mistake.stage < b.mistake.stage]
        always = [v for v in variants if v.mistake.key == _WITH_EVERYTHING]
        triples = [(v, a, b) for v in always for a, b in pairs if a.mistake.stage > Stage.DECODE]
        for several in (*pairs, *triples):
            pixels = self.lab.pixels(reduce(PixelPath.__or__, (v.path for v in several)))
            if pixels is not None:
                yield several, pixels


def _is_usual(variant: PixelVariant) -> bool:
    return variant.mistake.stage == Stage.RESIZE or variant.mistake.key in _USUAL


def explain_pixels(shown: Shown, served: Pixels, where: str) -> list[Finding]:
    """The mistakes in the served pixels, uint8 (h, w, c), which are not as expected."""
    expected = shown.expected
    match = search(shown, served, lambda pixels: pixels, expected, mean_difference, np.array_equal)
    evidence = pixel_evidence(expected, served)
    if match is None:
        return [unexplained_pixels(expected, served, where, evidence, lossless=shown.lab.is_lossless)]
    return findings_of(match, where, evidence)


def search(
    shown: Shown,
    served: NDArray[Any],
    observed: Callable[[Pixels], NDArray[Any]],
    expected: NDArray[Any],
    distance: Callable[[NDArray[Any], NDArray[Any]], float],
    is_equal: Callable[[NDArray[Any], NDArray[Any]], bool],
    *,
    likely: bool = False,
) -> Match | None:
    """The mistakes whose pixels, seen through `observed`, are what was served. One is tried first, then several.

    likely: of several, only the usual ones, because `observed` takes its time.
    """

    def predictions(made: Iterator[tuple[Sequence[PixelVariant], Pixels]]) -> Iterator[Prediction]:
        for variants, pixels in made:
            yield tuple(variant.mistake for variant in variants), observed(pixels)

    alone = best_match(served, expected, predictions(shown.alone()), distance, is_equal)
    if alone is not None and alone.explained == "exactly":
        return alone
    together = best_match(served, expected, predictions(shown.together(likely=likely)), distance, is_equal)
    if alone is None or (together is not None and together.left < alone.left / 4):
        return together
    return alone


def findings_of(match: Match, where: str, evidence: Any) -> list[Finding]:
    """One finding for each mistake of the match; the evidence is that of all of them together."""
    return [
        Finding(
            stage=mistake.stage,
            key=mistake.key,
            cause=mistake.cause,
            advice=mistake.advice,
            where=where,
            explained=match.explained,
            evidence=evidence,
            left=match.left,
            together=len(match.mistakes) > 1,
            also=tuple(f"{other.stage.label}: {other.cause}" for other in match.also),
        )
        for mistake in match.mistakes
    ]
