"""Healthy repositories: what `sightline export` writes, and what others write."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from export.lint import exported, exported_backends, foreign, foreign_ensembles, foreign_python


@dataclass(frozen=True)
class Healthy:
    """subject: the model that it is about, and that mutations are asked about unless they say otherwise."""

    build: Callable[[Path], None]
    models: tuple[str, ...]

    @property
    def subject(self) -> str:
        return self.models[0]


HEALTHY: dict[str, Healthy] = {
    "exported": Healthy(exported.classifier, ("digits", "digits_network", "pixels_rgb_8x8_squash")),
    "generator": Healthy(exported.generator, ("painter", "painter_network", "noise_normal_4", "png_rgb")),
    "segmenter": Healthy(
        exported_backends.segmenter, ("scene", "scene_network", "pixels_rgb_8x8_letterbox", "class_map_letterbox")
    ),
    "conditional": Healthy(
        exported_backends.conditional, ("chooser", "chooser_network", "noise_of_a_class", "png_any")
    ),
    "tiles": Healthy(exported_backends.tiles, ("sharper", "sharper_tiles", "sharper_network")),
    "explainer": Healthy(exported_backends.explainer, ("shown_explain", "shown_network")),
    "editor": Healthy(exported_backends.editor, ("resizer",)),
    "faces": Healthy(exported_backends.faces, ("face_detector", "faces_rgb")),
    "pairs": Healthy(exported_backends.pairs, ("blend", "blend_network", "pairs_rgb", "png_blend")),
    "bare": Healthy(foreign.bare, ("bare_vectors",)),
    "configured": Healthy(foreign.configured, ("vectors",)),
    "photo": Healthy(foreign.photo, ("photo_scores",)),
    "pair": Healthy(foreign.pair, ("pair_of_inputs",)),
    "strings": Healthy(foreign.strings, ("words",)),
    "scalar": Healthy(foreign.scalar, ("single_number",)),
    "frozen": Healthy(foreign.frozen, ("frozen_batch",)),
    "frozen_bare": Healthy(foreign.frozen_bare, ("frozen_bare",)),
    "flat_bare": Healthy(foreign.flat_bare, ("flat_bare",)),
    "sequence": Healthy(foreign.sequence, ("adder",)),
    "reshaped": Healthy(foreign.reshaped, ("flat_numbers",)),
    "optional": Healthy(foreign.optional, ("with_default",)),
    "external": Healthy(foreign.external, ("heavy",)),
    "versions": Healthy(foreign.versions, ("many_versions",)),
    "warmed": Healthy(foreign.warmed, ("warmed_up",)),
    "any_size": Healthy(foreign.any_size, ("any_size",)),
    "python": Healthy(foreign_python.python, ("doubler",)),
    "python_auto": Healthy(foreign_python.python_auto, ("self_described",)),
    "chain": Healthy(foreign_ensembles.chain, ("chain", "chain_first", "chain_second")),
    "fork": Healthy(foreign_ensembles.fork, ("fork", "fork_split", "fork_side", "fork_join")),
    "nested": Healthy(foreign_ensembles.nested, ("outer", "inner", "nested_step")),
}
