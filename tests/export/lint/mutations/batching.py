"""The batch axis: of the graph, of the configuration, and of ensembles over both."""

from export.lint import graphs
from export.lint.case import Case
from export.lint.edits import all_of, append, config, edit, graph
from export.lint.foreign import ONE_INSTANCE

CASES = (
    Case(
        "frozen-graph-with-batches",
        "max_batch_size 8 for a graph that was traced at batch 1, batch in dims",
        "frozen",
        edit("frozen_batch", "max_batch_size: 0", "max_batch_size: 8"),
    ),
    Case(
        "frozen-graph-with-batches-without-it-in-dims",
        "max_batch_size 8 for a graph that was traced at batch 1",
        "frozen",
        all_of(
            edit("frozen_batch", "max_batch_size: 0", "max_batch_size: 8"),
            edit("frozen_batch", "[1, 3, 8, 8]", "[3, 8, 8]"),
            edit("frozen_batch", "[1, 5]", "[5]"),
        ),
    ),
    Case(
        "frozen-graph-with-batch-one",
        "max_batch_size 1 for a graph of batch 1",
        "frozen",
        all_of(
            edit("frozen_batch", "max_batch_size: 0", "max_batch_size: 1"),
            edit("frozen_batch", "[1, 3, 8, 8]", "[3, 8, 8]"),
            edit("frozen_batch", "[1, 5]", "[5]"),
        ),
    ),
    Case(
        "frozen-graph-without-the-batch-in-dims",
        "no batches, but dims without the graph's batch of 1",
        "frozen",
        edit("frozen_batch", "[1, 3, 8, 8]", "[3, 8, 8]"),
    ),
    Case(
        "frozen-graph-without-max-batch-size",
        "max_batch_size left out",
        "frozen",
        edit("frozen_batch", "max_batch_size: 0\n", ""),
    ),
    Case(
        "graph-frozen-by-an-export",
        "the graph was exported again without dynamic axes",
        "configured",
        graph("vectors/1/model.onnx", lambda: graphs.linear(1)),
    ),
    Case(
        "graph-frozen-at-the-maximum",
        "the graph takes 4 rows and nothing else",
        "configured",
        graph("vectors/1/model.onnx", lambda: graphs.linear(4)),
    ),
    Case(
        "graph-frozen-inside",
        "a Reshape holds the batch of the trace: only one row is answered",
        "configured",
        graph("vectors/1/model.onnx", graphs.frozen_inside),
    ),
    Case(
        "bare-graph-frozen-inside",
        "without a configuration, a Reshape holds the batch of the trace",
        "bare",
        graph("bare_vectors/1/model.onnx", graphs.frozen_inside),
    ),
    Case(
        "bare-graph-frozen",
        "a graph of batch 1 without a configuration",
        "bare",
        graph("bare_vectors/1/model.onnx", lambda: graphs.linear(1)),
    ),
    Case(
        "bare-graph-frozen-but-batches-wanted",
        "max_batch_size with a graph of batch 1, nothing else said",
        "frozen_bare",
        config("frozen_bare", 'backend: "onnxruntime"\nmax_batch_size: 8\n' + ONE_INSTANCE),
    ),
    Case("bare-with-a-maximum", "only max_batch_size is said", "bare", append("bare_vectors", "max_batch_size: 16\n")),
    Case("bare-with-batch-one", "max_batch_size 1 alone", "bare", append("bare_vectors", "max_batch_size: 1\n")),
    Case(
        "no-batches-but-a-batch-axis",
        "max_batch_size 0, dims without the batch",
        "configured",
        edit("vectors", "max_batch_size: 4", "max_batch_size: 0"),
    ),
    Case(
        "no-batches-with-the-axis-in-dims",
        "max_batch_size 0, the batch is a size that varies",
        "configured",
        all_of(
            edit("vectors", "max_batch_size: 4", "max_batch_size: 0"),
            edit("vectors", "[ 4 ]", "[ -1, 4 ]"),
            edit("vectors", "[ 3 ]", "[ -1, 3 ]"),
        ),
    ),
    Case(
        "no-batches-with-one-row",
        "max_batch_size 0, one row in dims: fine for the input, not for the output",
        "configured",
        all_of(
            edit("vectors", "max_batch_size: 4", "max_batch_size: 0"),
            edit("vectors", "[ 4 ]", "[ 1, 4 ]"),
            edit("vectors", "[ 3 ]", "[ 1, 3 ]"),
        ),
    ),
    Case(
        "max-batch-size-left-out",
        "tensors but no max_batch_size",
        "configured",
        edit("vectors", "max_batch_size: 4\n", ""),
    ),
    Case(
        "max-batch-size-negative",
        "-1 batches",
        "configured",
        edit("vectors", "max_batch_size: 4", "max_batch_size: -1"),
    ),
    Case(
        "max-batch-size-one",
        "one row at a time",
        "configured",
        edit("vectors", "max_batch_size: 4", "max_batch_size: 1"),
    ),
    Case(
        "max-batch-size-huge",
        "a million rows",
        "configured",
        edit("vectors", "max_batch_size: 4", "max_batch_size: 1000000"),
    ),
    Case(
        "max-batch-size-in-quotes",
        "a text for a number",
        "configured",
        edit("vectors", "max_batch_size: 4", 'max_batch_size: "4"'),
    ),
    Case(
        "max-batch-size-with-a-fraction",
        "4.5 rows",
        "configured",
        edit("vectors", "max_batch_size: 4", "max_batch_size: 4.5"),
    ),
    Case("max-batch-size-twice", "the field is there twice", "configured", append("vectors", "max_batch_size: 8\n")),
    Case(
        "network-batch-lowered",
        "the network takes fewer rows than the ensemble promises",
        "exported",
        edit("digits_network", "max_batch_size: 8", "max_batch_size: 4"),
        ("digits", "digits_network"),
    ),
    Case(
        "network-batch-raised",
        "the network takes more rows than the ensemble promises",
        "exported",
        edit("digits_network", "max_batch_size: 8", "max_batch_size: 16"),
        ("digits", "digits_network"),
    ),
    Case(
        "ensemble-batch-raised",
        "the ensemble promises more than its steps take",
        "exported",
        edit("digits", "max_batch_size: 8", "max_batch_size: 16"),
    ),
    Case(
        "ensemble-batch-lowered",
        "the ensemble promises less than its steps take",
        "exported",
        edit("digits", "max_batch_size: 8", "max_batch_size: 2"),
    ),
    Case(
        "ensemble-without-batches",
        "the ensemble has no batch axis, its steps have",
        "exported",
        edit("digits", "max_batch_size: 8", "max_batch_size: 0"),
    ),
)
