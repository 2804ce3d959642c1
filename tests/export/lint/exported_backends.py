"""Repositories as `sightline export` publishes them, around our backends that do more than decode and draw noise."""

from pathlib import Path

from export.lint.exported import IMAGE, LABELS, SCORES, put
from export.lint.graphs import blender, chooser, identity_pixels, pixel_classes, pixel_scores

from sightline_export.repository.model_config import Step, backend_config, ensemble_config, network_config
from sightline_export.signature import Signature, TensorSpec

RESULT = TensorSpec("RESULT", "BYTES", (1,))
SIZE_WH = TensorSpec("SIZE_WH", "INT32", (2,))
CLASS_ID = TensorSpec("CLASS_ID", "INT32", (1,))
OPTIONAL_CLASS_ID = TensorSpec("CLASS_ID", "INT32", (1,), optional=True)
ANY_PICTURE = TensorSpec("PIXELS", "UINT8", (-1, -1, 3))
SCORE = TensorSpec("SCORE", "FP32", (1,))
LABEL_FILE = {"labels.txt": "\n".join(LABELS) + "\n"}
BATCH = 8


def pixels(side: int, name: str = "PIXELS") -> TensorSpec:
    return TensorSpec(name, "UINT8", (side, side, 3))


def segmenter(repository: Path) -> None:
    """A decoding step that gives SIZE_WH, a network of classes, and the map at the size of the sent picture."""
    classes, class_map = TensorSpec("CLASSES", "UINT8", (8, 8)), TensorSpec("CLASS_MAP", "BYTES", (1,))
    any_classes = TensorSpec("CLASSES", "UINT8", (-1, -1))
    fit = {"width": "8", "height": "8", "mode": "rgb", "fit": "letterbox", "resample": "bilinear"}
    decode = Signature((IMAGE,), (pixels(8), SIZE_WH))
    steps = [
        Step("pixels_rgb_8x8_letterbox", {"IMAGE": "IMAGE"}, {"PIXELS": "pixels", "SIZE_WH": "size"}),
        Step("scene_network", {"PIXELS": "pixels"}, {"CLASSES": "classes"}),
        Step("class_map_letterbox", {"CLASSES": "classes", "SIZE_WH": "size"}, {"CLASS_MAP": "CLASS_MAP"}),
    ]
    put(repository, backend_config("pixels_rgb_8x8_letterbox", "image_decode", decode, BATCH, fit))
    put(repository, network_config("scene_network", Signature((pixels(8),), (classes,)), BATCH), pixel_classes())
    whole = Signature((any_classes, SIZE_WH), (class_map,))
    put(repository, backend_config("class_map_letterbox", "class_map", whole, BATCH, {"fit": "letterbox"}))
    put(repository, ensemble_config("scene", "image-segmentation", Signature((IMAGE,), (class_map,)), steps, BATCH))


def conditional(repository: Path) -> None:
    """A generator whose users may name a class, or leave it out."""
    seed, noise = TensorSpec("SEED", "INT64", (1,)), TensorSpec("NOISE", "FP32", (4,))
    chosen = TensorSpec("CLASS", "INT32", (1,))
    steps = [
        Step("noise_of_a_class", {"SEED": "SEED", "CLASS_ID": "CLASS_ID"}, {"NOISE": "noise", "CLASS": "class"}),
        Step("chooser_network", {"NOISE": "noise", "CLASS": "class"}, {"PIXELS": "pixels"}),
        Step("png_any", {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
    ]
    drawn = Signature((seed, OPTIONAL_CLASS_ID), (noise, chosen))
    put(repository, backend_config("noise_of_a_class", "latent_noise", drawn, BATCH, {"size": "4", "classes": "3"}))
    put(repository, network_config("chooser_network", Signature((noise, chosen), (pixels(4),)), BATCH), chooser())
    put(repository, backend_config("png_any", "image_encode", Signature((ANY_PICTURE,), (RESULT,)), BATCH))
    asked = Signature((seed, OPTIONAL_CLASS_ID), (RESULT,))
    put(repository, ensemble_config("chooser", "unconditional-image-generation", asked, steps, BATCH))


def tiles(repository: Path) -> None:
    """An ensemble of one step that asks a network itself: sixteen tiles of the picture that it is asked with."""
    asked = {"network": "sharper_network", "side": "4", "halo": "1", "scale": "1", "batch": "8"}
    whole = Signature((IMAGE,), (RESULT,))
    network = Signature((pixels(4),), (pixels(4, "RESULT_PIXELS"),))
    put(repository, network_config("sharper_network", network, BATCH), identity_pixels(4))
    put(repository, backend_config("sharper_tiles", "image_tiles", whole, BATCH, asked))
    steps = [Step("sharper_tiles", {"IMAGE": "IMAGE"}, {"RESULT": "RESULT"})]
    put(repository, ensemble_config("sharper", "image-to-image", whole, steps, BATCH))


def explainer(repository: Path) -> None:
    """A model for users that is no ensemble."""
    whole = Signature((IMAGE, CLASS_ID), (TensorSpec("HEATMAP", "FP32", (2, 2)), CLASS_ID, SCORE))
    asked = {"network": "shown_network", "method": "occlusion", "patch": "4", "stride": "4", "network_batch_size": "4"}
    parameters = {"task": "explanation", "width": "8", "height": "8", "least_range": "0.1", **asked}
    put(repository, network_config("shown_network", Signature((pixels(8),), (SCORES,)), 4), pixel_scores(), LABEL_FILE)
    put(repository, backend_config("shown_explain", "explain", whole, BATCH, parameters, LABELS), texts=LABEL_FILE)


def editor(repository: Path) -> None:
    sides = tuple(TensorSpec(name, "INT32", (1,), optional=True) for name in ("WIDTH", "HEIGHT"))
    parameters = {"task": "image-to-image", "operation": "resize"}
    put(repository, backend_config("resizer", "image_edit", Signature((IMAGE, *sides), (RESULT,)), BATCH, parameters))


def faces(repository: Path) -> None:
    """A detector of faces, and a step that takes the whole picture where there is no face."""
    boxes = (
        TensorSpec("num_detections", "INT32", (1,)),
        TensorSpec("detection_boxes", "FP32", (64, 4)),
        TensorSpec("detection_scores", "FP32", (64,)),
        TensorSpec("detection_classes", "INT32", (64,)),
    )
    parameters = {"task": "object-detection"}
    detect = Signature((IMAGE,), boxes)
    put(repository, backend_config("face_detector", "face_cascade", detect, BATCH, parameters, ["face"]))
    square = {"width": "8", "height": "8", "mode": "rgb", "fit": "squash", "fallback": "whole"}
    put(repository, backend_config("faces_rgb", "face_align", Signature((IMAGE,), (pixels(8),)), BATCH, square))


def pairs(repository: Path) -> None:
    """Two pictures become one."""
    other = TensorSpec("OTHER", "BYTES", (1,))
    both = Signature((IMAGE, other), (pixels(4), pixels(4, "OTHER_PIXELS")))
    blend = Signature((pixels(4), pixels(4, "OTHER_PIXELS")), (pixels(4, "RESULT_PIXELS"),))
    steps = [
        Step("pairs_rgb", {"IMAGE": "IMAGE", "OTHER": "OTHER"}, {"PIXELS": "one", "OTHER_PIXELS": "two"}),
        Step("blend_network", {"PIXELS": "one", "OTHER_PIXELS": "two"}, {"RESULT_PIXELS": "pixels"}),
        Step("png_blend", {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
    ]
    put(repository, backend_config("pairs_rgb", "image_pair", both, BATCH, {"width": "4", "height": "4"}))
    put(repository, network_config("blend_network", blend, BATCH), blender())
    put(repository, backend_config("png_blend", "image_encode", Signature((ANY_PICTURE,), (RESULT,)), BATCH))
    put(repository, ensemble_config("blend", "image-to-image", Signature((IMAGE, other), (RESULT,)), steps, BATCH))
