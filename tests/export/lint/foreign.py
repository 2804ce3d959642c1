"""Repositories that we did not write: ONNX and Python models as people have them."""

from pathlib import Path

import onnx
from export.lint import graphs
from export.lint.graphs import FLOAT, STRING, identity, linear, save

ONE_INSTANCE = "instance_group { count: 1 kind: KIND_CPU }\n"


def put(
    repository: Path, name: str, config: str, model: onnx.ModelProto | str | None = None, version: str = "1"
) -> None:
    """One model: an ONNX graph, the text of a model.py, or an ensemble."""
    (repository / name / version).mkdir(parents=True)
    if config:
        (repository / name / "config.pbtxt").write_text(config)
    if isinstance(model, str):
        (repository / name / version / "model.py").write_text(model)
    elif model is not None:
        save(model, repository / name / version / "model.onnx")


def bare(repository: Path) -> None:
    put(repository, "bare_vectors", ONE_INSTANCE, linear())


VECTORS = """name: "vectors"
platform: "onnxruntime_onnx"
max_batch_size: 4
input [
  {
    name: "x"
    data_type: TYPE_FP32
    dims: [ 4 ]
  }
]
output [
  {
    name: "y"
    data_type: TYPE_FP32
    dims: [ 3 ]
  }
]
instance_group [ { count: 1 kind: KIND_CPU } ]
"""


def configured(repository: Path) -> None:
    put(repository, "vectors", VECTORS, linear())


PHOTO = """# scores of a photograph
backend: "onnxruntime"
max_batch_size: 8
input { name: "image" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [3, 8, 8] }
output { name: "scores" data_type: TYPE_FP32 dims: [5] label_filename: "labels.txt" }
instance_group { count: 1 kind: KIND_CPU }
dynamic_batching { max_queue_delay_microseconds: 100 }
"""


def photo(repository: Path) -> None:
    put(repository, "photo_scores", PHOTO, graphs.photo_scores())
    (repository / "photo_scores" / "labels.txt").write_text("cat\ndog\nowl\nfox\nelk\n")


PAIR = """backend: "onnxruntime"
max_batch_size: 3
input { name: "left" data_type: TYPE_FP32 dims: [2] }
input { name: "right" data_type: TYPE_INT64 dims: [3] }
output { name: "total" data_type: TYPE_FP32 dims: [1] }
output { name: "copy" data_type: TYPE_INT64 dims: [3] }
instance_group { count: 1 kind: KIND_CPU }
"""


def pair(repository: Path) -> None:
    put(repository, "pair_of_inputs", PAIR, graphs.pair())


WORDS = """platform: "onnxruntime_onnx"
max_batch_size: 2
input { name: "x" data_type: TYPE_STRING dims: [-1] }
output { name: "y" data_type: TYPE_STRING dims: [-1] }
instance_group { count: 1 kind: KIND_CPU }
"""


def strings(repository: Path) -> None:
    put(repository, "words", WORDS, identity(["batch", "count"], STRING))


SCALAR = """backend: "onnxruntime"
input { name: "x" data_type: TYPE_FP32 dims: [1] }
output { name: "y" data_type: TYPE_FP32 dims: [1] }
instance_group { count: 1 kind: KIND_CPU }
"""


def scalar(repository: Path) -> None:
    put(repository, "single_number", SCALAR, identity([]))


FROZEN = """backend: "onnxruntime"
max_batch_size: 0
input { name: "image" data_type: TYPE_FP32 dims: [1, 3, 8, 8] }
output { name: "scores" data_type: TYPE_FP32 dims: [1, 5] }
instance_group { count: 1 kind: KIND_CPU }
"""


def frozen(repository: Path) -> None:
    put(repository, "frozen_batch", FROZEN, graphs.photo_scores(1))


def frozen_bare(repository: Path) -> None:
    put(repository, "frozen_bare", "", graphs.photo_scores(1))


def flat_bare(repository: Path) -> None:
    """Vectors of one number: Triton fills in a reshape."""
    put(repository, "flat_bare", 'backend: "onnxruntime"\n' + ONE_INSTANCE, identity(["batch"]))


SEQUENCE = """backend: "onnxruntime"
max_batch_size: 2
sequence_batching {
  max_sequence_idle_microseconds: 5000000
  control_input {
    name: "START"
    control { kind: CONTROL_SEQUENCE_START fp32_false_true: [0, 1] }
  }
  control_input {
    name: "READY"
    control { kind: CONTROL_SEQUENCE_READY fp32_false_true: [0, 1] }
  }
}
input { name: "x" data_type: TYPE_FP32 dims: [1] }
output { name: "y" data_type: TYPE_FP32 dims: [1] }
instance_group { count: 1 kind: KIND_CPU }
"""


def sequence(repository: Path) -> None:
    put(repository, "adder", SEQUENCE, graphs.accumulator())


RESHAPED = """backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [1] reshape { shape: [] } }
output { name: "y" data_type: TYPE_FP32 dims: [1] reshape { shape: [] } }
instance_group { count: 1 kind: KIND_CPU }
"""


def reshaped(repository: Path) -> None:
    put(repository, "flat_numbers", RESHAPED, identity(["batch"]))


OPTIONAL = """backend: "onnxruntime"
input { name: "x" data_type: TYPE_FP32 dims: [4] }
input { name: "bias" data_type: TYPE_FP32 dims: [4] optional: true }
output { name: "y" data_type: TYPE_FP32 dims: [4] }
instance_group { count: 1 kind: KIND_CPU }
"""


def optional(repository: Path) -> None:
    put(repository, "with_default", OPTIONAL, graphs.with_default())


HEAVY = """backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [64] }
output { name: "y" data_type: TYPE_FP32 dims: [32] }
instance_group { count: 1 kind: KIND_CPU }
"""


def external(repository: Path) -> None:
    """The weights lie in a file of their own beside the graph."""
    put(repository, "heavy", HEAVY)
    path = repository / "heavy" / "1" / "model.onnx"
    onnx.save(
        linear(takes=64, gives=32),
        path,
        save_as_external_data=True,
        location="model.onnx.data",
        size_threshold=0,
    )


VERSIONS = """backend: "onnxruntime"
max_batch_size: 4
version_policy { specific { versions: [1, 3] } }
input { name: "x" data_type: TYPE_FP32 dims: [4] }
output { name: "y" data_type: TYPE_FP32 dims: [3] }
instance_group { count: 1 kind: KIND_CPU }
"""


def versions(repository: Path) -> None:
    for version in ("1", "2", "3"):
        put(repository, "many_versions", VERSIONS, linear(), version)


WARMED = """backend: "onnxruntime"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: [4] }
output { name: "y" data_type: TYPE_FP32 dims: [3] }
instance_group { count: 1 kind: KIND_CPU }
model_warmup {
  name: "two rows"
  batch_size: 2
  inputs { key: "x" value { data_type: TYPE_FP32 dims: [4] zero_data: true } }
}
"""


def warmed(repository: Path) -> None:
    put(repository, "warmed_up", WARMED, linear())


ANY_SIZE = """backend: "onnxruntime"
max_batch_size: 2
input { name: "x" data_type: TYPE_FP32 dims: [-1, -1, 3] }
output { name: "y" data_type: TYPE_FP32 dims: [-1, -1, 3] }
instance_group { count: 1 kind: KIND_CPU }
"""


def any_size(repository: Path) -> None:
    put(repository, "any_size", ANY_SIZE, identity(["batch", "height", "width", 3], FLOAT))
