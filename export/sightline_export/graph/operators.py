"""Operators that can't be served, found by ONNX Runtime and named for people."""

from __future__ import annotations

import re
from collections.abc import Iterable

import onnx

from sightline_export.errors import GraphRefused
from sightline_export.graph.dataflow import all_nodes, ancestors, subgraphs

# How many elements these give depends on the values that they are given.
DATA_DEPENDENT = frozenset({"NonZero", "NonMaxSuppression", "Unique", "Compress", "StringSplit", "SequenceMap"})
RANDOM = frozenset({"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial"})

_UNKNOWN = re.compile(r"(?:(?P<domain>[\w.]*):)?(?P<op>\w+)\(-?\d+\) is not a registered function/op")
_UNREGISTERED = re.compile(r"No Op registered for (?P<op>\w+) with domain_version of")
_NOT_IMPLEMENTED = re.compile(
    r"Could not find an implementation for (?P<op>\w+)\(\d+\) node with name '(?P<name>[^']*)'"
)
_NODE = re.compile(r"Node \((?P<name>[^)]*)\) Op \((?P<op>\w+)\)|running (?P<op2>\w+) node\. Name:'(?P<name2>[^']*)'")
_TOO_NEW = re.compile(r"Opset (?P<opset>\d+) is under development")
_STANDARD = ("", "ai.onnx")


def named(node: onnx.NodeProto) -> str:
    """The operator with its domain, and the node, as an error message has them."""
    operator = node.op_type if node.domain in _STANDARD else f"{node.domain}:{node.op_type}"
    place = f"node {node.name!r}" if node.name else f"the nameless node that writes {node.output[0]!r}"
    return f"{operator} in {place}"


def refusal(error: Exception, model: onnx.ModelProto) -> GraphRefused:
    """What ONNX Runtime said of a graph that it does not open, in one line with the fix."""
    text = str(error)
    for pattern in (_UNKNOWN, _UNREGISTERED, _NOT_IMPLEMENTED):
        if match := pattern.search(text):
            return _unsupported(model, match.groupdict())
    if match := _TOO_NEW.search(text):
        return GraphRefused(
            f"expected an opset that ONNX Runtime knows, got {match['opset']}, and a conversion that can't be compared "
            "with the original proves nothing; export it again with torch.onnx.export(..., opset_version=20)"
        )
    where = failing_node(error)
    if "Cannot parse data from external tensors" in text:
        return GraphRefused(
            f"expected the shapes in a graph inside it, got one in an external file{f' for {where}' if where else ''}; "
            "save it with onnx.save(model, path, save_as_external_data=True, size_threshold=1024)"
        )
    return GraphRefused(
        f"expected a graph that ONNX Runtime opens, got{f' at {where}' if where else ''}: {last_words(text)}; "
        "check it with onnx.checker.check_model(path, full_check=True) and export it again"
    )


def failing_node(error: Exception) -> str | None:
    """Operator and node that ONNX Runtime names in an error; None where it names none."""
    match = _NODE.search(str(error))
    if match is None:
        return None
    found = match.groupdict()
    operator, name = found["op"] or found["op2"], found["name"] or found["name2"]
    return f"{operator} in node {name!r}" if name else f"a {operator} node"


def data_dependent(graph: onnx.GraphProto, values: Iterable[str]) -> onnx.NodeProto | None:
    """The first node before `values` whose number of elements depends on the picture."""
    return _first(ancestors(graph, values), DATA_DEPENDENT)


def random(graph: onnx.GraphProto, values: Iterable[str]) -> onnx.NodeProto | None:
    """The first node before `values` that draws random numbers."""
    return _first(ancestors(graph, values), RANDOM)


def _first(nodes: Iterable[onnx.NodeProto], operators: frozenset[str]) -> onnx.NodeProto | None:
    for node in nodes:
        if node.op_type in operators:
            return node
        for inner in subgraphs(node):
            if found := _first(all_nodes(inner), operators):
                return found
    return None


def _unsupported(model: onnx.ModelProto, found: dict[str, str | None]) -> GraphRefused:
    candidates = [node for node in all_nodes(model.graph) if node.op_type == found["op"]]
    in_domain = [node for node in candidates if found.get("name") in (None, "", node.name)] or candidates
    operator = named(in_domain[0]) if in_domain else str(found["op"])
    custom = bool(in_domain) and in_domain[0].domain not in _STANDARD
    fix = (
        "a custom operator runs only where its library is: export the graph with standard operators, or cut it before "
        "that node with onnx.utils.extract_model"
        if custom
        else "export it with torch.onnx.export(..., opset_version=20), or replace that operator in the network"
    )
    return GraphRefused(f"expected operators that ONNX Runtime has, got {operator}; {fix}")


def last_words(text: str) -> str:
    """The reason in what ONNX Runtime said, one line.

    ONNX Runtime puts source files before the reason, and the reason last."""
    line = next((line for line in text.strip().splitlines() if line.strip()), "nothing")
    line = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", line)
    line = re.sub(r"/onnxruntime_src/.* was false\. ", "", line.rpartition("Status Message: ")[2])
    return re.sub(r"/onnxruntime_src/\S+ .*?\) (?=[A-Z])", "", line).strip().rstrip(".")[:300]
