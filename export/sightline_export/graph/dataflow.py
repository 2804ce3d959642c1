"""Which values the nodes of a graph read and write, subgraphs of If, Loop and Scan included."""

from collections.abc import Iterable, Iterator

import onnx


def subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs that the node carries as attributes, not those inside them."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """Every node of the graph and of the graphs inside it."""
    for node in graph.node:
        yield node
        for inner in subgraphs(node):
            yield from all_nodes(inner)


def reads(node: onnx.NodeProto) -> set[str]:
    """What the node takes from the graph around it, also for the nodes inside it."""
    names = set(node.input)
    for inner in subgraphs(node):
        own = {value.name for value in (*inner.input, *inner.initializer)}
        for other in inner.node:
            own.update(other.output)
        names |= set[str]().union(*(reads(other) for other in inner.node), (value.name for value in inner.output)) - own
    return names - {""}


def ancestors(graph: onnx.GraphProto, values: Iterable[str], stop: Iterable[str] = ()) -> list[onnx.NodeProto]:
    """The nodes that `values` are computed from, in the graph's order, without going behind the values in `stop`."""
    wanted = set(values) - set(stop)
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted |= reads(node) - set(stop)
    return kept[::-1]


def value_names(graph: onnx.GraphProto) -> set[str]:
    """Every name that is taken in the graph or in a graph inside it."""
    names = {value.name for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info)}
    for node in graph.node:
        names.update(node.input, node.output)
        for inner in subgraphs(node):
            names |= value_names(inner)
    return names


def descendants(graph: onnx.GraphProto, value: str) -> set[str]:
    """`value` and every value computed from it."""
    found = {value}
    for node in graph.node:
        if found & reads(node):
            found.update(node.output)
    return found


def rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    """Give a value another name wherever it is written or read; ONNX allows a name only once, subgraphs included."""
    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        if value.name == old:
            value.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new
        for inner in subgraphs(node):
            rename(inner, old, new)
