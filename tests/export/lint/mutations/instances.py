"""Where and how often a model runs."""

from export.lint.case import Case
from export.lint.edits import edit

_GROUP = "instance_group [ { count: 1 kind: KIND_CPU } ]\n"


CASES = (
    Case("gpu-instances", "KIND_GPU on a machine without a GPU", "configured", edit("vectors", "KIND_CPU", "KIND_GPU")),
    Case(
        "gpu-numbers",
        "GPU 0 is named on a machine without one",
        "configured",
        edit("vectors", "kind: KIND_CPU", "kind: KIND_GPU gpus: [ 0 ]"),
    ),
    Case(
        "gpu-numbers-for-a-cpu",
        "GPU 0 is named for CPU instances",
        "configured",
        edit("vectors", "kind: KIND_CPU", "kind: KIND_CPU gpus: [ 0 ]"),
    ),
    Case("auto-instances", "KIND_AUTO takes what is there", "configured", edit("vectors", "KIND_CPU", "KIND_AUTO")),
    Case(
        "model-instances",
        "KIND_MODEL, which our backend does not know",
        "configured",
        edit("vectors", "KIND_CPU", "KIND_MODEL"),
    ),
    Case("unknown-kind", "KIND_CUDA does not exist", "configured", edit("vectors", "KIND_CPU", "KIND_CUDA")),
    Case("count-negative", "-1 instances", "configured", edit("vectors", "count: 1", "count: -1")),
    Case("count-zero", "0 instances mean the default", "configured", edit("vectors", "count: 1", "count: 0")),
    Case("count-two", "two instances", "configured", edit("vectors", "count: 1", "count: 2")),
    Case("no-instance-group", "the number of instances is Triton's", "configured", edit("vectors", _GROUP, "")),
    Case(
        "named-instance-group",
        "an instance group with a name",
        "configured",
        edit("vectors", "{ count: 1", '{ name: "workers" count: 1'),
    ),
    Case(
        "passive-group",
        "a passive instance group",
        "configured",
        edit("vectors", "{ count: 1", "{ passive: true count: 1"),
        alone=True,
    ),
    Case("gpu-python", "a Python model on KIND_GPU without a GPU", "python", edit("doubler", "KIND_CPU", "KIND_GPU")),
    Case("model-python", "a Python model of KIND_MODEL", "python", edit("doubler", "KIND_CPU", "KIND_MODEL")),
    Case(
        "rate-limiter",
        "a rate limiter resource",
        "configured",
        edit("vectors", "kind: KIND_CPU", 'kind: KIND_CPU rate_limiter { resources [ { name: "R" count: 1 } ] }'),
    ),
    Case(
        "network-gpu",
        "the exported network on KIND_GPU without a GPU",
        "exported",
        edit("digits_network", "KIND_CPU", "KIND_GPU"),
        ("digits", "digits_network"),
    ),
)
