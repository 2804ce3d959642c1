"""An index: the embedding of each picture by its name, and which version of which model made them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sightline.errors import InvalidRequest, SightlineError
from sightline.images import ImageLike
from sightline.matching.builder import Builder
from sightline.matching.embedding import embed_rest
from sightline.matching.index_file import Parts, broken, read_parts, write_parts
from sightline.matching.one_model import check_still
from sightline.matching.stamp import Stamp
from sightline.results._checks import check_array

if TYPE_CHECKING:
    from sightline._client import Client

_LENGTH_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Match:
    """One picture that was found.

    Attributes:
        name: Its name in the index.
        score: Cosine of the angle between both embeddings, in [-1, 1]; 1 is the same.
    """

    name: str
    score: float


@dataclass(frozen=True, eq=False, repr=False)
class Index:
    """Embeddings to search in, all made by one version of one model.

    Attributes:
        model: Name of the model.
        version: Its version, 1 or larger.
        names: Name of each picture; those that `build` makes are the paths or addresses that it was given.
        vectors: (n, D) float32, each of length 1, in the order of `names`.
        stamps: Size and time of change of each file, which tell `build` what has changed since; empty: unknown.

    Raises:
        ValueError: A field does not fit the others, or a vector is not of length 1.

    Example:
        ```python
        index = Index.load("index.npz")
        print(index)  # 1,797 pictures, matching version 1, 64 dimensions
        ```
    """

    model: str
    version: int
    names: tuple[str, ...]
    vectors: NDArray[np.float32]
    stamps: tuple[Stamp, ...] = ()

    def __post_init__(self) -> None:
        if not self.model or self.version < 1:
            raise ValueError(
                f"expected a model and a version of 1 or larger, got {self.model!r} and {self.version}; "
                "take both from `client.model(name)`"
            )
        if len(set(self.names)) != len(self.names):
            raise ValueError("expected each name once, got one of them again; leave the second one out")
        if not self.names:
            raise ValueError("expected at least one picture, got none; check what was given")
        check_array("vectors", self.vectors, np.float32, (len(self.names), None))
        if len(self.stamps) not in (0, len(self.names)):
            raise ValueError(f"expected a stamp for each of {len(self.names)} names or none, got {len(self.stamps)}")
        lengths = np.sqrt(np.einsum("nd,nd->n", self.vectors, self.vectors))
        if not np.all(np.abs(lengths - 1) <= _LENGTH_TOLERANCE):
            wrong = float(lengths[np.argmax(~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE))])
            raise ValueError(f"expected vectors of length 1, got one of {wrong:.4g}; divide each by its length")

    @classmethod
    def build(
        cls,
        client: Client,
        pictures: Iterable[str | os.PathLike[str]],
        *,
        model: str,
        concurrency: int = 8,
        earlier: Index | None = None,
        on_error: Callable[[str, SightlineError], None] | None = None,
    ) -> Index:
        """Embed pictures.

        Args:
            client: Asks the server.
            pictures: Paths or addresses; each becomes a name of the index, once.
            model: Name of a model for image-feature-extraction.
            concurrency: How many requests are under way at once.
            earlier: An index to go on with: files that it holds and that have not changed since are not asked again.
            on_error: Called with the name and the error of a picture that cannot be embedded, which is then left out;
                None raises the error instead. What would meet the next picture too is always raised.

        Raises:
            InvalidRequest: `earlier` is of another model or version, or no picture is left.
            ModelNotReady: Another version of the model was loaded meanwhile.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            index = Index.build(client, Path("photos").rglob("*.jpg"), model="matching")
            ```
        """
        version = client.model(model).version
        if earlier is not None:
            earlier.check_made_with(model, version)
        builder = Builder(model, [os.fspath(each) for each in pictures])
        if earlier is not None:
            builder.keep(earlier.names, earlier.vectors, earlier.stamps)
        embed_rest(builder, client, concurrency, on_error)
        check_still(client, model, version)
        if not builder.count:
            raise InvalidRequest(
                f"expected pictures that {model!r} can embed, got none; check the folder and the errors", model=model
            )
        return cls(model, version, *builder.fields())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Index:
        """Read an index that `save` wrote. Nothing in the file is evaluated or unpickled.

        Raises:
            IndexUnusable: The file cannot be read, or is no such index.

        Example:
            ```python
            Index.load("index.npz").names[0]  # 'photos/a.jpg'
            ```
        """
        parts = read_parts(Path(path))
        try:
            return cls(*parts)
        except ValueError as exc:
            raise broken(Path(path), str(exc)) from exc

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index as one file of numpy (.npz); it replaces an earlier one whole, or not at all.

        Raises:
            IndexUnusable: The file cannot be written.

        Example:
            ```python
            index.save("index.npz")
            ```
        """
        write_parts(Path(path), Parts(self.model, self.version, self.names, self.vectors, self.stamps))

    def search(self, client: Client, image: ImageLike, *, top: int = 5) -> tuple[Match, ...]:
        """Return the pictures that are most like one, best first.

        Args:
            client: Asks the server for the embedding of `image`.
            image: A picture in any form that `client.embed` takes.
            top: How many to return; fewer come where the index has fewer.

        Raises:
            InvalidRequest: The server now answers with another version of the model, or `top` is below 1.
            SightlineError: Any other fault, as `sightline.errors` lists them.

        Example:
            ```python
            index.search(client, "new.jpg", top=1)  # (Match(name='photos/b.jpg', score=0.981),)
            ```
        """
        vector = client.embed(image, model=self.model)
        # Asked afterwards: a version that was loaded before the embedding was made is then seen.
        self.check_made_with(self.model, client.model(self.model).version)
        return self.nearest(vector, top=top)

    def nearest(self, vector: NDArray[np.float32], *, top: int = 5) -> tuple[Match, ...]:
        """Return the pictures whose embeddings have the largest cosine with one, best first; every one is compared.

        Args:
            vector: (D,) float32 of length 1.
            top: How many to return; fewer come where the index has fewer.

        Raises:
            InvalidRequest: The vector has another size than those of the index, or `top` is below 1.

        Example:
            ```python
            index.nearest(index.vectors[0], top=2)[0].score  # 1.0
            ```
        """
        if vector.shape != self.vectors.shape[1:]:
            raise InvalidRequest(
                f"expected a vector of shape {self.vectors.shape[1:]}, got {vector.shape}; "
                f"embed the picture with {self.model!r}",
                model=self.model,
            )
        if top < 1:
            raise InvalidRequest(f"expected top to be 1 or larger, got {top}; ask for at least one picture")
        scores: NDArray[np.float32] = np.clip(self.vectors @ vector.astype(np.float32), -1, 1)
        order: NDArray[np.intp] = np.argsort(-scores, kind="stable")[:top]
        return tuple(Match(self.names[int(place)], float(scores[place])) for place in order)

    def check_made_with(self, model: str, version: int) -> None:
        """Raise `InvalidRequest` for another model or version: its vectors mean something else.

        Example:
            ```python
            index.check_made_with("matching", 1)
            ```
        """
        if (self.model, self.version) != (model, version):
            raise InvalidRequest(
                f"expected an index of {model!r} version {version}, got one of {self.model!r} version {self.version}; "
                "make the index again with `sightline index`",
                model=model,
            )

    def __len__(self) -> int:
        return len(self.names)

    def __str__(self) -> str:
        return f"{len(self):,} pictures, {self.model} version {self.version}, {self.vectors.shape[1]} dimensions"

    def __repr__(self) -> str:
        return f"Index({self})"
