"""`path/to/file.py:factory`: a network that the user's own program builds."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from torch import nn

from sightline_export.errors import SourceUnusable
from sightline_export.sources.choices import Choices
from sightline_export.sources.imported import Imported
from sightline_export.sources.metadata import Metadata
from sightline_export.sources.network import first_line, imported, mode_that_fits, seeded
from sightline_export.sources.weights import described, put, read_weights
from sightline_export.spelling import did_you_mean


def load_python_file(path: Path, factory: str, choices: Choices) -> Imported:
    """Import the file as Python does when it is run, call `factory()` and take the `torch.nn.Module` that it returns.

    Size, mean, std, labels and the rest come from `choices` alone: without them, levels are divided by 255.

    Raises:
        SourceUnusable: no such file or name, it is not callable, it fails or gives something else, or no size is said.
        WeightsMismatch: the weights are another network's.
    """
    origin = f"{path}:{factory}"
    if choices.pretrained or choices.without_top:
        option = "--pretrained" if choices.pretrained else "--without-top"
        raise SourceUnusable(
            f"expected torchvision:NAME or timm:NAME with {option}, got {origin}; leave it to the factory"
        )
    if not path.is_file():
        raise SourceUnusable(f"expected a Python file at {path}, there is none; check the path")
    with seeded():
        network = _build(path, factory, origin)
        phrase = "those that the factory gives"
        if choices.weights is not None:
            put(network, read_weights(choices.weights), origin, "build the network that they belong to")
            phrase = described(choices.weights)
    known = Metadata(
        name=factory.rpartition(".")[2],
        summary=f"{factory} of {path.name}",
        architecture=f"{factory} of {path.name}",
        mode="gray" if choices.mode == "gray" or (choices.mode is None and _channels(network) == 1) else "rgb",
        limits=""
        if choices.weights is not None
        else "Its weights are those of a new network unless the factory loads some.",
    )
    if choices.mode is None:
        known = replace(known, mode=mode_that_fits(network, known, choices))
    embeds = choices.task == "image-feature-extraction"
    return imported(network, known, choices, origin=origin, weights=phrase, embeds=embeds, logits=None)


def _build(path: Path, factory: str, origin: str) -> nn.Module:
    with _importable(path):
        module = _module(path)
        if not hasattr(module, factory):
            question = did_you_mean(factory, (name for name in vars(module) if not name.startswith("_")))
            raise SourceUnusable(
                f"expected the name {factory!r} in {path}, there is none; {question or 'check its spelling'}"
            )
        made = getattr(module, factory)
        if not isinstance(made, nn.Module):
            if not callable(made):
                raise SourceUnusable(
                    f"expected {origin} to be a function that returns a network, got {type(made).__name__}; "
                    "name a function or a class"
                )
            try:
                made = made()
            except (Exception, SystemExit) as error:
                raise SourceUnusable(
                    f"expected {origin} to build a network, got {_where(error, path)}; make it work without arguments"
                ) from error
    if not isinstance(made, nn.Module):
        raise SourceUnusable(
            f"expected a torch.nn.Module from {origin}, got {type(made).__name__}; let the function return the network"
        )
    return made.float()


def _module(path: Path) -> ModuleType:
    root, package = _root_of(path)
    name = f"{package}.{path.stem}" if package else f"sightline_source_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SourceUnusable(f"expected a Python file at {path}, got something that Python can't import")
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look themselves up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        how = f"-m {name}` works in {root}" if package else f"{path}` works"
        fix = f"check that `python {how}"
        if not package and "relative import" in str(error):
            fix = (
                f"import its neighbours without a dot, or put an __init__.py beside {path.name} in a folder whose name "
                "no other package has"
            )
        raise SourceUnusable(f"expected {path} to be imported, got {_where(error, path)}; {fix}") from error
    return module


def _root_of(path: Path) -> tuple[Path, str]:
    """The folder that the packages around the file lie in, and their dotted name; "" where it is in none.

    A package whose name is that of another one, which is loaded already, is left out: its neighbours would be the
    other's.
    """
    folder = path.resolve().parent
    names: list[str] = []
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    loaded = sys.modules.get(names[0]) if names else None
    own = str(folder / names[0]) if names else ""
    if loaded is not None and own not in map(str, getattr(loaded, "__path__", ())):
        names = []
    return folder, ".".join(names)


@contextmanager
def _importable(path: Path) -> Generator[None]:
    """The modules beside the file, and the packages around it, can be imported, as when Python runs it.

    Afterwards they come last: forward() may import some of them when the network is run, and nothing of ours is hidden.
    """
    folders = list(dict.fromkeys(map(str, (path.resolve().parent, _root_of(path)[0]))))
    sys.path[:0] = folders
    try:
        yield
    finally:
        for folder in folders:
            if folder in sys.path:
                sys.path.remove(folder)
            if folder not in sys.path:
                sys.path.append(folder)


def _where(error: BaseException, path: Path) -> str:
    """The error in one line, with the last line of the user's file that it passed."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError in line {error.lineno}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).name == path.name]
    place = f" in line {lines[-1]}" if lines else ""
    return f"{type(error).__name__}{place}: {first_line(error)}"


def _channels(network: nn.Module) -> int | None:
    """Of the first convolution, to tell a network for grey pictures from one for colour."""
    first = next((module for module in network.modules() if isinstance(module, nn.Conv2d)), None)
    return None if first is None else first.in_channels
