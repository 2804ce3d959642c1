"""Dynamic batching, queues and sequences."""

from export.lint.case import Case
from export.lint.edits import append, edit

_SEQUENCE_START = """  control_input {
    name: "START"
    control { kind: CONTROL_SEQUENCE_START fp32_false_true: [0, 1] }
  }
"""


CASES = (
    Case("dynamic-batching", "dynamic batching", "configured", append("vectors", "dynamic_batching { }\n")),
    Case(
        "dynamic-batching-without-batches",
        "dynamic batching, but max_batch_size 0",
        "frozen",
        append("frozen_batch", "dynamic_batching { }\n"),
    ),
    Case(
        "preferred-batch-sizes",
        "preferred sizes up to the maximum",
        "configured",
        append("vectors", "dynamic_batching { preferred_batch_size: [2, 4] }\n"),
    ),
    Case(
        "preferred-batch-size-above-the-maximum",
        "8 is preferred, 4 is the maximum",
        "configured",
        append("vectors", "dynamic_batching { preferred_batch_size: [2, 8] }\n"),
    ),
    Case(
        "preferred-batch-size-zero",
        "0 is preferred",
        "configured",
        append("vectors", "dynamic_batching { preferred_batch_size: [0] }\n"),
    ),
    Case(
        "preferred-batch-size-negative",
        "-1 is preferred",
        "configured",
        append("vectors", "dynamic_batching { preferred_batch_size: [-1] }\n"),
    ),
    Case(
        "priority-levels",
        "two priority levels, the second is the default",
        "configured",
        append("vectors", "dynamic_batching { priority_levels: 2 default_priority_level: 2 }\n"),
    ),
    Case(
        "priority-levels-without-a-default",
        "priority levels without a default level",
        "configured",
        append("vectors", "dynamic_batching { priority_levels: 2 }\n"),
    ),
    Case(
        "default-priority-too-high",
        "the default level is above the levels",
        "configured",
        append("vectors", "dynamic_batching { priority_levels: 2 default_priority_level: 3 }\n"),
    ),
    Case(
        "queue-policy-of-an-unknown-level",
        "a queue policy for level 3 of 2",
        "configured",
        append(
            "vectors",
            "dynamic_batching { priority_levels: 2 default_priority_level: 1 "
            "priority_queue_policy { key: 3 value { max_queue_size: 4 } } }\n",
        ),
    ),
    Case(
        "queue-limited",
        "a queue of 16 requests",
        "photo",
        edit("photo_scores", "max_queue_delay_microseconds: 100", "default_queue_policy { max_queue_size: 16 }"),
    ),
    Case(
        "two-schedulers",
        "dynamic and sequence batching together",
        "sequence",
        append("adder", "dynamic_batching { }\n"),
    ),
    Case(
        "scheduler-as-a-list",
        "dynamic_batching in square brackets",
        "configured",
        append("vectors", "dynamic_batching [ ]\n"),
    ),
    Case(
        "sequence-control-missing-in-the-graph",
        "a control that the graph does not take",
        "sequence",
        edit("adder", 'name: "START"', 'name: "BEGIN"'),
    ),
    Case(
        "sequence-control-of-another-type",
        "INT32 controls for a FP32 graph",
        "sequence",
        edit("adder", "fp32_false_true: [0, 1]", "int32_false_true: [0, 1]"),
    ),
    Case(
        "sequence-control-without-values",
        "a control without its two values",
        "sequence",
        edit("adder", " fp32_false_true: [0, 1]", ""),
    ),
    Case(
        "sequence-control-left-out",
        "the graph takes START, the configuration does not name it",
        "sequence",
        edit("adder", _SEQUENCE_START, ""),
    ),
    Case(
        "sequence-control-twice",
        "the same control kind under two names",
        "sequence",
        edit("adder", _SEQUENCE_START, _SEQUENCE_START + _SEQUENCE_START.replace('"START"', '"AGAIN"')),
    ),
    Case(
        "sequence-oldest",
        "the oldest strategy",
        "sequence",
        edit("adder", "sequence_batching {", "sequence_batching {\n  oldest { max_candidate_sequences: 2 }"),
    ),
)
