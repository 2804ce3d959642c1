"""Indexes: exact search in them, their file, and what is refused."""

import io
import json
import os
import pickle
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from client.canned import Canned, canned_server, described_embedder
from numpy.typing import NDArray
from serving import Service

from sightline import Client, ImageError, IndexUnusable, InferenceFailed, InvalidRequest, SightlineError
from sightline.matching import Index, Match
from sightline.matching.builder import Builder
from sightline.matching.stamp import Stamp

COUNT, SIZE = 50, 16


def unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def some_index(model: str = "toy", version: int = 2) -> Index:
    vectors = unit(np.random.default_rng(0).normal(size=(COUNT, SIZE)))
    names = tuple(f"photos/{number} – ü\udcff.png" for number in range(COUNT))
    return Index(model, version, names, vectors, tuple(Stamp(number, number * 10**15) for number in range(COUNT)))


def test_the_nearest_are_those_of_the_largest_cosine_best_first() -> None:
    index = some_index()
    query = unit(np.random.default_rng(1).normal(size=SIZE))
    cosines = [float(np.dot(vector, query)) for vector in index.vectors]
    expected = sorted(range(COUNT), key=lambda place: -cosines[place])
    found = index.nearest(query, top=7)
    assert [match.name for match in found] == [index.names[place] for place in expected[:7]]
    assert [match.score for match in found] == pytest.approx(sorted(cosines, reverse=True)[:7], abs=1e-6)


def test_equal_scores_stay_in_the_order_of_the_index_and_none_is_above_one() -> None:
    vector = unit(np.full(SIZE, 3.0))
    index = Index("toy", 1, ("b", "a", "c"), np.stack([vector] * 3))
    assert [match.name for match in index.nearest(vector)] == ["b", "a", "c"]
    assert all(match.score <= 1 for match in index.nearest(vector))


def test_fewer_come_where_the_index_has_fewer() -> None:
    assert len(some_index().nearest(some_index().vectors[3], top=1000)) == COUNT
    assert some_index().nearest(some_index().vectors[3], top=1)[0].name == some_index().names[3]


@pytest.mark.parametrize(
    ("size", "top", "message"), [(3, 5, r"of shape \(16,\), got \(3,\)"), (SIZE, 0, "top to be 1 or larger, got 0")]
)
def test_a_vector_of_another_size_and_no_answers_are_refused(size: int, top: int, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        some_index().nearest(np.ones(size, np.float32), top=top)


def test_a_saved_index_is_the_same_when_it_is_loaded(tmp_path: Path) -> None:
    index = some_index()
    index.save(tmp_path / "index.npz")
    loaded = Index.load(tmp_path / "index.npz")
    assert (loaded.model, loaded.version, loaded.names, loaded.stamps) == ("toy", 2, index.names, index.stamps)
    assert loaded.vectors.dtype == np.float32
    assert np.array_equal(loaded.vectors, index.vectors)
    assert str(loaded) == "50 pictures, toy version 2, 16 dimensions"
    assert len(loaded) == COUNT


def test_an_index_without_stamps_is_saved_and_loaded(tmp_path: Path) -> None:
    Index("toy", 1, ("a",), unit(np.ones((1, 4)))).save(tmp_path / "index.npz")
    assert Index.load(tmp_path / "index.npz").stamps == ()


def test_saving_replaces_the_file_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    some_index().save(path)
    before = path.read_bytes()
    some_index("other").save(path)
    assert Index.load(path).model == "other"
    path.write_bytes(before)
    assert [each.name for each in tmp_path.iterdir()] == ["index.npz"]


def test_a_folder_that_takes_no_file_leaves_the_earlier_index_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match=r"cannot write .*index.npz': No such file or directory; choose another"):
        some_index().save(tmp_path / "none" / "index.npz")
    folder = tmp_path / "read-only"
    folder.mkdir()
    some_index().save(folder / "index.npz")
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        with pytest.raises(IndexUnusable, match="Permission denied"):
            some_index("other").save(folder / "index.npz")
        assert Index.load(folder / "index.npz").model == "toy"
    finally:
        folder.chmod(stat.S_IRWXU)


def npz(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
    return file.getvalue()


def header(**fields: Any) -> NDArray[np.uint8]:
    known = {"format": 1, "model": "toy", "version": 1, "names": ["a", "b"]}
    return np.frombuffer(json.dumps({**known, **fields}).encode(), np.uint8)


VECTORS = unit(np.ones((2, 4)))
STAMPS = np.zeros((2, 2), np.int64)


def encrypted(archive: bytes) -> bytes:
    """The same, as if each of its files needed a password."""
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        head, *files = archive.split(signature)
        place -= len(signature)
        archive = signature.join([head, *(each[:place] + b"\x01" + each[place + 1 :] for each in files)])
    return archive


class Trap:
    """Raises when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise AssertionError('unpickled')",))


NO_INDEXES = {
    "nothing": b"",
    "text": b"no index",
    "a pickle": pickle.dumps(Trap()),
    "an array": b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
    + b" " * 61
    + b"\n"
    + bytes(4),
    "a pickled array": npz(header=np.array([Trap()], object), vectors=VECTORS, stamps=STAMPS),
    "half a file": npz(header=header(), vectors=VECTORS, stamps=STAMPS)[:400],
    "no stamps": npz(header=header(), vectors=VECTORS),
    "flat vectors": npz(header=header(), vectors=VECTORS[0], stamps=STAMPS),
    "vectors of doubles": npz(header=header(), vectors=VECTORS.astype(float), stamps=STAMPS),
    "fewer names": npz(header=header(names=["a"]), vectors=VECTORS, stamps=STAMPS),
    "the same name": npz(header=header(names=["a", "a"]), vectors=VECTORS, stamps=STAMPS),
    "no text as names": npz(header=header(names=[1, 2]), vectors=VECTORS, stamps=STAMPS),
    "long vectors": npz(header=header(), vectors=2 * VECTORS, stamps=STAMPS),
    "NaN": npz(header=header(), vectors=VECTORS * np.float32("nan"), stamps=STAMPS),
    "another format": npz(header=header(format=2), vectors=VECTORS, stamps=STAMPS),
    "no model": npz(header=header(model=None), vectors=VECTORS, stamps=STAMPS),
    "a list as header": npz(header=np.frombuffer(b"[1]", np.uint8), vectors=VECTORS, stamps=STAMPS),
    "a header that is no JSON": npz(header=np.frombuffer(b"{", np.uint8), vectors=VECTORS, stamps=STAMPS),
    "three stamps": npz(header=header(), vectors=VECTORS, stamps=np.zeros((3, 2), np.int64)),
    "a header nested too deeply": npz(header=np.full(100_000, ord("["), np.uint8), vectors=VECTORS, stamps=STAMPS),
    "an encrypted file": encrypted(npz(header=header(), vectors=VECTORS, stamps=STAMPS)),
    "wide stamps": npz(header=header(), vectors=VECTORS, stamps=np.zeros((2, 3), np.int64)),
}


@pytest.mark.parametrize("data", NO_INDEXES.values(), ids=NO_INDEXES)
def test_what_is_no_index_is_refused_and_never_unpickled(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "index.npz"
    path.write_bytes(data)
    with pytest.raises(
        IndexUnusable, match=r"expected '.*index\.npz' to be an index that .* wrote, .*; make it again$"
    ) as caught:
        Index.load(path)
    assert "pickle" not in str(caught.value)  # numpy's advice is to unpickle what it does not know


def test_an_index_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match=r"no such index: .*; make it with `sightline index FOLDER -o "):
        Index.load(tmp_path / "index.npz")
    with pytest.raises(IndexUnusable, match=r"cannot read .*: Is a directory"):
        Index.load(tmp_path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": ""}, "a model and a version"),
        ({"version": 0}, "a version of 1 or larger"),
        ({"names": ()}, "at least one picture"),
        ({"names": ("a", "a")}, "each name once"),
        ({"stamps": (Stamp(),)}, "a stamp for each of 2 names"),
        ({"vectors": np.zeros((2, 4), np.float32)}, "vectors of length 1, got one of 0"),
        ({"vectors": np.zeros((3, 4), np.float32)}, r"vectors to be float32 of shape \(2, any\)"),
    ],
)
def test_fields_that_do_not_fit_are_refused(fields: dict[str, Any], message: str) -> None:
    known: dict[str, Any] = {"model": "toy", "version": 1, "names": ("a", "b"), "vectors": VECTORS}
    with pytest.raises(ValueError, match=message):
        Index(**{**known, **fields})


def test_vectors_of_another_size_than_the_first_are_the_models_failure() -> None:
    builder = Builder("toy", ["a", "b"])
    builder.add("a", unit(np.ones(4)), Stamp())
    with pytest.raises(InferenceFailed, match="4 numbers for every picture, got 3"):
        builder.add("b", unit(np.ones(3)), Stamp())


def test_what_an_earlier_index_holds_of_unchanged_files_and_addresses_is_kept(workplace: Path) -> None:
    for name in ("same", "grown", "gone"):
        Path(name).write_text(name)
    names = ("same", "grown", "gone", "https://example.org/a.png", "unknown", "not asked for")
    stamps = tuple(Stamp.of(name) for name in names)
    Path("grown").write_text("larger than before")
    Path("gone").unlink()
    builder = Builder("toy", [*names[:5], "new", "same"])
    builder.keep(names, unit(np.ones((6, 4))), stamps)
    assert builder.left_to_do == ["grown", "gone", "unknown", "new"]
    assert builder.fields()[0] == ("same", "https://example.org/a.png")


@pytest.fixture
def client(tasks: Service) -> Iterator[Client]:
    with Client(tasks.grpc_url, timeout=30) as client:
        yield client


@pytest.fixture
def photos(workplace: Path) -> list[Path]:
    colours = {"red": (250, 10, 10), "green": (5, 240, 3), "blue": (0, 9, 200), "pink": (250, 60, 90)}
    for name, colour in colours.items():
        PIL.Image.new("RGB", (16, 24), colour).save(f"{name}.png")
    return [Path(f"{name}.png") for name in colours]


def test_an_index_finds_pictures_that_are_alike(client: Client, photos: list[Path]) -> None:
    index = Index.build(client, photos, model="tiny_embedder")
    assert (index.model, index.version, index.names) == ("tiny_embedder", 1, tuple(map(str, photos)))
    found = index.search(client, np.full((8, 8, 3), (200, 0, 0), np.uint8), top=2)
    assert [match.name for match in found] == ["red.png", "pink.png"]
    assert found[0].score == pytest.approx(np.dot((250, 10, 10), (1, 0, 0)) / np.linalg.norm((250, 10, 10)), abs=1e-4)
    assert isinstance(found[0], Match)


def test_only_new_and_changed_pictures_are_asked_again(client: Client, photos: list[Path]) -> None:
    first = Index.build(client, photos[:2], model="tiny_embedder")
    swapped = np.stack([first.vectors[1], first.vectors[0]])  # to see which are kept
    marked = Index("tiny_embedder", 1, first.names, swapped, first.stamps)
    PIL.Image.new("RGB", (30, 30), (0, 0, 255)).save(photos[1])
    second = Index.build(client, photos, model="tiny_embedder", earlier=marked)
    assert second.names == tuple(map(str, photos))
    assert np.array_equal(second.vectors[0], first.vectors[1])  # kept
    np.testing.assert_allclose(second.vectors[1], [0, 0, 1], atol=1e-6)  # asked again


def test_a_picture_that_cannot_be_read_is_reported_or_raised(client: Client, photos: list[Path]) -> None:
    Path("broken.png").write_bytes(photos[0].read_bytes()[:60])
    pictures = [photos[0], "missing.png", "broken.png", photos[1]]
    errors: dict[str, SightlineError] = {}
    index = Index.build(client, pictures, model="tiny_embedder", on_error=errors.__setitem__)
    assert index.names == ("red.png", "green.png")
    assert {name: type(error) for name, error in errors.items()} == {
        "missing.png": ImageError,
        "broken.png": InvalidRequest,
    }
    with pytest.raises(ImageError, match="no such file"):
        Index.build(client, pictures, model="tiny_embedder")
    with pytest.raises(InvalidRequest, match="expected a model for image-feature-extraction"):
        Index.build(client, pictures, model="tiny_inverter", on_error=errors.__setitem__)
    with pytest.raises(InvalidRequest, match="expected pictures that 'tiny_embedder' can embed, got none"):
        Index.build(client, ["missing.png"], model="tiny_embedder", on_error=errors.__setitem__)


def test_a_refusal_that_meets_every_picture_is_raised_at_once(photos: list[Path]) -> None:
    errors: dict[str, SightlineError] = {}
    for status in (401, 403):
        with canned_server() as server, Client(server.url) as client:
            server.described = lambda: described_embedder(version=1)
            server.answer = Canned(status, b'{"error": "the key may not use this model"}')
            with pytest.raises(InvalidRequest, match="the key may not use this model"):
                Index.build(client, photos, model="toy", concurrency=1, on_error=errors.__setitem__)
    assert errors == {}


def test_an_index_of_another_model_or_version_is_refused(client: Client, photos: list[Path]) -> None:
    index = Index.build(client, photos, model="tiny_embedder")
    newer = Index(index.model, 2, index.names, index.vectors)
    with pytest.raises(InvalidRequest, match=r"expected an index of 'tiny_embedder' version 1, got .* version 2; make"):
        newer.search(client, photos[0])
    with pytest.raises(InvalidRequest, match="version 1, got one of 'tiny_embedder' version 2"):
        Index.build(client, photos, model="tiny_embedder", earlier=newer)
