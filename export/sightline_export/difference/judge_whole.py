"""A service that shows nothing but its answers: what explains those to several pictures at once?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from sightline_backend.modes import to_mode
from sightline_backend.pictures import open_picture
from sightline_backend.pixels import decode
from sightline_export.difference.findings import AnswerEvidence, Finding
from sightline_export.difference.judge_pixels import Shown
from sightline_export.difference.matching import Match, Prediction, best_match, score_difference, within
from sightline_export.difference.observations import Answers, Observations, Pixels
from sightline_export.difference.picture_files import as_png, png_of
from sightline_export.difference.pixel_path import PixelLab
from sightline_export.difference.reference import Reference
from sightline_export.difference.stages import Stage
from sightline_export.difference.unexplained import always_the_same


def explain_whole(reference: Reference, shown: Shown, seen: Observations) -> Match | None:
    """One mistake between file and pixels that also shows in pictures of exactly the right size, such as a zoom."""
    if seen.answer is None or seen.told is None or seen.shown is None or seen.answer.shape != seen.told.shape[1:]:
        return None
    served = np.concatenate([seen.answer[None], seen.told])
    plain = seen.shown
    labs = [PixelLab(as_png(pixels), reference.spec) for pixels in plain]
    expected = reference.graph.in_batches(np.stack([shown.expected, *plain]))
    if always_the_same(expected, served):
        return None

    def predictions() -> Iterator[Prediction]:
        for variant, pixels in shown.singles:
            others = [lab.pixels(variant.path) for lab in labs]
            known = [own if own is not None else right for own, right in zip(others, plain, strict=True)]
            yield (variant.mistake,), reference.graph.in_batches(np.stack([pixels, *known]))

    return best_match(served, expected, predictions(), score_difference(served, expected), within(reference.tolerance))


def unexplained_whole(
    data: bytes,
    reference: Reference,
    answer: Answers,
    answers: Callable[[Pixels], Answers],
    seen: Observations,
    where: str,
    evidence: AnswerEvidence | None,
) -> Finding:
    """Before or after the picture is upright? The upright picture, sent as a PNG without EXIF, decides."""
    advice = "serve the decoding step as a model of its own, so that its pixels can be compared"
    upright = png_of(to_mode(open_picture(data), "rgb"))
    stage, cause = Stage.DECODE, "makes other pixels of the file"
    told = seen.ask_file(upright) if seen.ask_file is not None else None
    if told is None:
        cause = "answers this picture otherwise, and refuses the pictures that would tell at which stage"
    else:
        if within(reference.tolerance)(told, answers(decode(upright, reference.spec))):
            cause = "decodes or turns the file otherwise: the upright picture, sent as a PNG, is answered as expected"
        else:
            stage = Stage.RESIZE
            cause = "resizes otherwise: the upright picture, sent as a plain PNG, is answered otherwise as well"
    return Finding(stage, None, cause, advice, where, "no", evidence, 1.0)
