import inspect
import json
import subprocess
import sys

import pytest

import sightline
from sightline import errors

MOST_MODULES = 310
HEAVY = (
    "torch",
    "gevent",
    "tritonclient",
    "click",
    "rich",
    "aiohttp",
    "grpc",
    "google",
    "urllib3",
    "requests",
    "httpx",
)


def loaded_by(code: str) -> set[str]:
    command = [
        sys.executable,
        "-c",
        f"import sys, json; {code}; print(json.dumps(sorted(sys.modules)), file=sys.stderr)",
    ]
    return set(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stderr))


def test_all_is_sorted_and_names_everything_public() -> None:
    public = {
        name for name, value in vars(sightline).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert list(sightline.__all__) == sorted(public)


@pytest.mark.parametrize("name", sightline.__all__)
def test_every_public_class_says_what_it_is_for(name: str) -> None:
    value = getattr(sightline, name)
    if inspect.isclass(value):
        assert value.__doc__ is not None
        assert not value.__doc__.startswith(f"{name}(")  # that is what a dataclass writes by itself


@pytest.mark.parametrize("client", [sightline.Client, sightline.AsyncClient])
@pytest.mark.parametrize("name", [name for name in vars(sightline.Client) if not name.startswith("_")])
def test_every_method_of_a_client_has_a_docstring_with_an_example(client: type, name: str) -> None:
    member = inspect.getattr_static(client, name)
    doc = inspect.getdoc(member)
    assert doc
    assert isinstance(member, property) or "Example:" in doc


def test_every_error_derives_from_the_base_and_stands_in_the_drawn_tree() -> None:
    found = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, Exception)]
    assert len(found) == 9
    for each in found:
        assert issubclass(each, sightline.SightlineError)
        assert each.__name__ in (errors.__doc__ or "")
        assert each.__name__ in sightline.__all__


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = loaded_by("import sightline")
    assert loaded.isdisjoint(HEAVY)
    # numpy, Pillow and asyncio with what they need; modules are counted, because time is not the same twice
    assert len(loaded - set(sys.builtin_module_names)) < MOST_MODULES


def test_showing_the_help_loads_no_transport_and_no_model_library() -> None:
    loaded = loaded_by("from sightline.cli import main; main(['--help'], standalone_mode=False)")
    assert "click" in loaded
    assert loaded.isdisjoint({"gevent", "tritonclient", "rich", "aiohttp", "grpc"})
