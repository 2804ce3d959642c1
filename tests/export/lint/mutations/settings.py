"""Parameters and settings that concern nobody's tensors."""

from export.lint.case import Case
from export.lint.edits import append, write
from export.lint.foreign import VECTORS

CASES = (
    Case(
        "extra-parameters",
        "parameters that nobody knows",
        "configured",
        append("vectors", 'parameters { key: "author" value { string_value: "me" } }\n'),
    ),
    Case(
        "parameter-without-value",
        "a parameter without a value",
        "configured",
        append("vectors", 'parameters { key: "author" }\n'),
    ),
    Case(
        "parameter-as-text",
        "the value of a parameter is no message",
        "configured",
        append("vectors", 'parameters { key: "author" value: "me" }\n'),
    ),
    Case(
        "threads",
        "two threads for ONNX Runtime",
        "configured",
        append("vectors", 'parameters { key: "intra_op_thread_count" value { string_value: "2" } }\n'),
    ),
    Case(
        "threads-as-words",
        "a number of threads in words",
        "configured",
        append("vectors", 'parameters { key: "intra_op_thread_count" value { string_value: "two" } }\n'),
    ),
    Case(
        "execution-mode-unknown",
        "an execution mode that does not exist",
        "configured",
        append("vectors", 'parameters { key: "execution_mode" value { string_value: "2" } }\n'),
    ),
    Case(
        "memory-arena-as-words",
        "a switch that is neither on nor off",
        "configured",
        append("vectors", 'parameters { key: "enable_mem_arena" value { string_value: "maybe" } }\n'),
    ),
    Case("graph-level", "a graph level", "configured", append("vectors", "optimization { graph { level: 1 } }\n")),
    Case(
        "tensorrt-accelerator",
        "a GPU accelerator is passed over on a CPU",
        "configured",
        append(
            "vectors",
            'optimization { execution_accelerators { gpu_execution_accelerator: [ { name: "tensorrt" } ] } }\n',
        ),
    ),
    Case(
        "unknown-cpu-accelerator",
        "a CPU accelerator that does not exist",
        "configured",
        append(
            "vectors", 'optimization { execution_accelerators { cpu_execution_accelerator: [ { name: "turbo" } ] } }\n'
        ),
    ),
    Case(
        "openvino-accelerator",
        "OpenVINO, which is not installed",
        "configured",
        append(
            "vectors",
            'optimization { execution_accelerators { cpu_execution_accelerator: [ { name: "openvino" } ] } }\n',
        ),
    ),
    Case(
        "response-cache",
        "a response cache, while the server has none",
        "configured",
        append("vectors", "response_cache { enable: true }\n"),
    ),
    Case(
        "decoupled-onnx",
        "a decoupled transaction policy for an ONNX model",
        "configured",
        append("vectors", "model_transaction_policy { decoupled: true }\n"),
    ),
    Case(
        "metric-tags", "tags for metrics", "configured", append("vectors", 'metric_tags { key: "team" value: "a" }\n')
    ),
    Case(
        "gpu-variant",
        "a variant for another machine beside it",
        "configured",
        write("vectors/configs/gpu.pbtxt", VECTORS.replace("KIND_CPU", "KIND_GPU")),
    ),
    Case(
        "broken-variant",
        "a variant that cannot be parsed and is not asked for",
        "configured",
        write("vectors/configs/gpu.pbtxt", "instance_group ["),
    ),
)
