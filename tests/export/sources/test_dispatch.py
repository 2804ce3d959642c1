"""Which source a text names."""

import subprocess
import sys
from pathlib import Path

import pytest

from sightline_export.errors import SourceUnusable, UnknownSource
from sightline_export.sources import Choices, default_name, is_source, load, read_labels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cnn", False),
        ("attention_2", False),
        ("torchvision:resnet50", True),
        ("timm:vit_tiny_patch16_224.augreg_in21k", True),
        ("nets.py:factory", True),
        ("path/to/nets.py:factory", True),
        ("nets.py", True),
        ("model.onnx", True),
        ("Model.ONNX", True),
        ("weights.pth", True),
        ("weights.safetensors", True),
    ],
)
def test_a_source_is_told_from_the_name_of_a_recipe(text: str, expected: bool) -> None:
    assert is_source(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cnn", None),
        ("weights.pth", None),
        ("nets.py", None),
        ("torchvision:", None),
        ("torchvision:no_such_net@V1", "no_such_net"),
        ("timm:vit_tiny_patch16_224.augreg_in21k", "vit_tiny_patch16_224"),
        ("gone/Colour Net.ONNX", "colour_net"),
        ("gone/nets.py:Tiny.make", "make"),
    ],
)
def test_the_name_that_a_source_would_get_is_known_without_loading_it(text: str, expected: str | None) -> None:
    assert default_name(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            "keras:vgg16",
            UnknownSource,
            "expected torchvision:NAME, timm:NAME, path/to/file.py:factory or path/to/model",
        ),
        ("weights.pth", SourceUnusable, "got a file of weights alone; name the network and add --weights weights.pth"),
        ("nets.py", SourceUnusable, "expected nets.py:factory, got no factory; name the function"),
        ("nowhere.onnx", SourceUnusable, "expected an ONNX file at nowhere.onnx, there is none; check the path"),
        ("torchvision:resnet51", UnknownSource, "got 'resnet51'; did you mean resnet50"),
        ("torchvision:", UnknownSource, "expected a classifier of torchvision, got ''"),
        ("torchvision:fasterrcnn_resnet50_fpn", UnknownSource, "expected a classifier of torchvision"),
        (
            "torchvision:resnet18@V3",
            UnknownSource,
            "expected weights of resnet18, got 'V3'; choose one of IMAGENET1K_V1",
        ),
        ("timm:resnet10", UnknownSource, "expected a model of timm, got 'resnet10'; did you mean resnet10t, resnet101"),
        ("timm:test_vit.in99k", UnknownSource, "got 'in99k'; choose one of test_vit.r160_in1k"),
    ],
)
def test_what_can_not_be_found_is_said_in_one_line(text: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as refused:
        load(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_libraries_are_imported_only_when_they_are_asked_for() -> None:
    program = "import sys, sightline_export.sources; print(sorted({'torch', 'timm', 'torchvision'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["torchvision:resnet18", "timm:test_vit"])
def test_a_library_that_is_not_installed_is_named(text: str) -> None:
    # An import system that does not find it is what an installation without it looks like.
    program = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None): return None\n"
        "real = sys.meta_path[:]\n"
        "class Filter:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('timm', 'torchvision'): return None\n"
        "        return next((found for finder in real if (found := finder.find_spec(name, path, target))), None)\n"
        "sys.meta_path[:] = [Filter()]\n"
        "from sightline_export.sources import load\n"
        f"load({text!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    library = text.partition(":")[0]
    expected = f"expected {library} for {text}, it is not installed; run: pip install 'sightline-export[models]'"
    assert done.stderr.strip().splitlines()[-1].endswith(expected)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"pretrained": True, "weights": Path("w.pth")}, "expected either --pretrained or --weights, got both"),
        (
            {"task": "object-detection"},
            "expected a task of image-classification, image-feature-extraction, got 'object",
        ),
        ({"without_top": True, "task": "image-classification"}, "expected either --without-top or --task image-cl"),
        ({"without_top": True, "labels": ("a",)}, "expected no --labels for a model that gives a vector"),
        ({"channel_order": "rbg"}, "expected a channel order of rgb or bgr, got 'rbg'"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(choices: dict[str, object], message: str) -> None:
    with pytest.raises(SourceUnusable) as refused:
        Choices(**choices)  # pyright: ignore[reportArgumentType]
    assert message in str(refused.value)


def test_labels_are_the_lines_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("\ufeffcat \r\ngreat dog\r\nVögel\r\n\r\n".encode())
    assert read_labels(path) == ("cat", "great dog", "Vögel")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got an empty file; write the names of the classes"),
        (b"cat\n\ndog\n", "got an empty line 2; give every output a name"),
        (b"\xff\xfe\x00", "got other bytes; save it as UTF-8 text"),
        (None, "expected a file of labels at"),
    ],
)
def test_a_bad_file_of_labels_is_refused(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceUnusable) as refused:
        read_labels(path)
    assert message in str(refused.value)
