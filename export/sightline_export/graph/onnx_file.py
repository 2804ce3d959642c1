"""ONNX files as files: opened with one clear line where they are none, written within protobuf's limit of 2 GB."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePath

import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from sightline_export.errors import GraphRefused
from sightline_export.graph.dataflow import all_nodes

MAX_PROTOBUF_BYTES = 2**31 - 1024

# First bytes of files that people take for ONNX, and what they are.
_OTHERS = (
    (b"PK\x03\x04", "a zip file such as torch.save writes", "export the network with torch.onnx.export first"),
    (b"\x80\x02", "a pickled PyTorch file", "export the network with torch.onnx.export first"),
    (b"\x89HDF", "a Keras HDF5 file", "convert it with tf2onnx first"),
    (b"version https://git-lfs", "a pointer of Git LFS", "run git lfs pull"),
    (b"<", "a web page or XML", "download the file itself"),
)


def load(path: Path) -> onnx.ModelProto:
    """The graph of an ONNX file; external weights stay where they are, but are there and long enough.

    Raises GraphRefused for everything else.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
            for magic, what, fix in _OTHERS:
                if start.startswith(magic):
                    raise GraphRefused(f"expected an ONNX file at {path}, got {what}; {fix}")
            content = start + file.read()
    except OSError as error:
        raise GraphRefused(f"expected an ONNX file at {path}, got {error.strerror}; check the path") from error
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
        whole = bool(model.graph.node) and bool(model.graph.output)
    except DecodeError:
        whole = False
    if not whole:
        raise GraphRefused(
            f"expected an ONNX file at {path}, got {len(content)} bytes that hold no complete graph: it is truncated "
            "or another kind of file; copy or export it again"
        )
    _require_external_data(model, path)
    return model


def without_links(model: onnx.ModelProto, path: Path, scratch: Path) -> tuple[onnx.ModelProto, Path]:
    """The graph at `path` where ONNX Runtime opens it, which refuses weights behind links that leave the folder.

    Caches of downloads have such links. A copy goes to `scratch` then; otherwise both are given back as they are.
    """
    folder = path.parent.resolve()
    files = {folder / _location(tensor) for tensor in external_tensors(model)}
    if all(file.resolve().is_relative_to(folder) for file in files):
        return model, path
    copy = scratch / "brought" / path.name
    save(model, copy, path.parent, link=True)
    return load(copy), copy


def save(
    model: onnx.ModelProto,
    path: Path,
    data_folder: Path,
    max_protobuf_bytes: int = MAX_PROTOBUF_BYTES,
    link: bool = False,
) -> None:
    """Write `model` to `path`; weights too large for one protobuf go to a file beside it.

    data_folder: where the external data that `model` refers to lies; when `path` is elsewhere, it comes along, as
        files in the folder of `path` itself.
    max_protobuf_bytes: from this size on, weights inside the graph go to `<path>.data`.
    link: external data is linked where the file system can, for copies that nobody keeps.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if data_folder.resolve() != path.parent.resolve():
        model = _with_data_beside(model, path, data_folder, link)
    if model.ByteSize() <= max_protobuf_bytes:
        onnx.save(model, path)
        return
    _move_weights_out(model, path.with_name(f"{path.name}.data"))
    onnx.save(model, path)


def external_tensors(model: onnx.ModelProto) -> Iterator[TensorProto]:
    """The tensors whose values lie in files beside the graph."""
    yield from (tensor for tensor in model.graph.initializer if uses_external_data(tensor))
    for node in all_nodes(model.graph):
        for attribute in node.attribute:
            yield from (tensor for tensor in (attribute.t, *attribute.tensors) if uses_external_data(tensor))
            yield from (tensor for tensor in attribute.g.initializer if uses_external_data(tensor))


def _require_external_data(model: onnx.ModelProto, path: Path) -> None:
    folder = path.parent.resolve()
    for tensor in external_tensors(model):
        info = ExternalDataInfo(tensor)
        file = folder / info.location
        # The text is judged, not where links lead: caches of downloads link the file and its weights to other folders.
        location = PurePath(info.location)
        if not info.location or location.is_absolute() or ".." in location.parts:
            raise GraphRefused(
                f"expected the weights of {path.name} in a file beside it, got {info.location!r}; save the graph with "
                "onnx.save(model, path, save_as_external_data=True, location='weights.bin')"
            )
        needed = (info.offset or 0) + (info.length or 0)
        size = file.stat().st_size if file.is_file() else -1
        if size < needed:
            got = "no such file" if size < 0 else f"{size} bytes"
            raise GraphRefused(
                f"expected the external weights of {path.name} in {info.location!r} beside it, {needed} bytes at "
                f"least, got {got}; copy that file too"
            )


def _with_data_beside(model: onnx.ModelProto, path: Path, data_folder: Path, link: bool) -> onnx.ModelProto:
    """Bring the external data to the folder of `path`; a copy of `model` that finds it there, under flat names."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    names: dict[str, str] = {}
    for tensor in external_tensors(copy):
        location = _location(tensor)
        if location not in names:
            name = PurePath(location).name
            while name in {*names.values(), path.name, f"{path.name}.data"}:
                name = f"more_{name}"
            names[location] = name
            _bring(data_folder / location, path.parent / name, link)
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = names[location]
    return copy


def _bring(source: Path, target: Path, link: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        if link:
            target.hardlink_to(source.resolve())
            return
    except OSError:  # another file system
        pass
    shutil.copyfile(source, target)


def _location(tensor: TensorProto) -> str:
    return ExternalDataInfo(tensor).location


def _move_weights_out(model: onnx.ModelProto, file: Path) -> None:
    """Weights of 1 KiB and more go to `file`; onnx.save would read in what is external already."""
    with file.open("wb") as data:
        for tensor in model.graph.initializer:
            if uses_external_data(tensor) or tensor.ByteSize() < 1024:
                continue
            content = onnx.numpy_helper.to_array(tensor).tobytes()
            data.seek(-data.tell() % 4096, os.SEEK_CUR)  # aligned, so that it can be mapped into memory
            entries = {"location": file.name, "offset": str(data.tell()), "length": str(len(content))}
            data.write(content)
            kept = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
            kept.data_location = TensorProto.EXTERNAL
            for key, value in entries.items():
                kept.external_data.add(key=key, value=value)
            tensor.CopyFrom(kept)
