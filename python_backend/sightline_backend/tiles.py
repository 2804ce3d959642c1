"""A network for tiles of one size, applied to pictures of any size without seams.

The picture is mirrored at its edges and cut into tiles of `side` x `side` pixels that overlap by twice the `halo`. Of
each answer only the core counts, `halo` pixels away from every edge. Where the network's answer at a pixel depends on
nothing further away than `halo`, the cores together are what one huge tile would have given: there is no seam to hide.
This is the overlap-tile strategy of Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image
Segmentation", 2015.

A network that also depends on where a pixel lies, because it works on every second pixel, say, needs a core that is a
multiple of that step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
from PIL import Image

from sightline_backend.errors import ModelError, ParameterError, PictureDamagedError, PictureError
from sightline_backend.modes import to_mode
from sightline_backend.pictures import open_picture
from sightline_backend.png_rows import PngRows

MAX_SIDE = 4096
MAX_SCALE = 8
MAX_BATCH = 1024
_AHEAD = 2  # batches that wait for the network while the rows before them are compressed

Pixels = npt.NDArray[np.uint8]
Ask = Callable[[Pixels], Pixels]
"""Tiles (n, side, side, 3), at most `batch` of them, to answers (n, scale * side, scale * side, 3). From one thread."""


@dataclass(frozen=True)
class TileSpec:
    """How pictures are cut for one network.

    Args:
        network: the model that answers tiles: PIXELS UINT8 [side, side, 3] to RESULT_PIXELS UINT8 [scale * side,
            scale * side, 3].
        side: of a tile, in pixels, 1 to 4096.
        halo: how many pixels of an answer are left out at every edge: at least what the network sees around a pixel.
        scale: by how much an answer is larger than the tile, 1 to 8.
        batch: how many tiles the network takes at once, at most: its `max_batch_size`.

    Raises:
        ParameterError: a value that can't be used, or a halo that leaves no core.

    >>> TileSpec("denoiser_network", side=256, halo=16, batch=8).core
    224
    """

    network: str
    side: int
    halo: int
    scale: int = 1
    batch: int = 1

    def __post_init__(self) -> None:
        if not self.network:
            raise ParameterError("network: expected the name of a model, got none; name the one that answers tiles")
        for key, least, most in (("side", 1, MAX_SIDE), ("scale", 1, MAX_SCALE), ("batch", 1, MAX_BATCH)):
            value = int(getattr(self, key))
            if not least <= value <= most:
                raise ParameterError(f"{key}: expected a whole number from {least} to {most}, got {value}")
        if not 0 <= 2 * self.halo < self.side:
            raise ParameterError(
                f"halo: expected a whole number from 0 to {(self.side - 1) // 2}, less than half of the side "
                f"{self.side}, got {self.halo}; make the tiles larger"
            )

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> TileSpec:
        """Build the specification from the parameters of a step; other keys are left alone.

        Raises:
            ParameterError: `network`, `side` or `halo` is missing, or a value can't be used.

        >>> TileSpec.from_parameters({"network": "denoiser_network", "side": "256", "halo": "16"}).scale
        1
        """
        missing = [key for key in ("network", "side", "halo") if key not in parameters]
        if missing:
            raise ParameterError(
                f"expected the parameters network, side and halo, got {', '.join(sorted(parameters)) or 'none'}; "
                f"add {' and '.join(missing)} to config.pbtxt"
            )
        whole = {key: _whole(key, parameters[key]) for key in ("side", "halo", "scale", "batch") if key in parameters}
        return cls(parameters["network"].strip(), **whole)

    def parameters(self) -> dict[str, str]:
        """Return the parameters of a step's `config.pbtxt`, the opposite of `from_parameters`."""
        return {key: str(value) for key, value in asdict(self).items()}

    @property
    def core(self) -> int:
        """Side of the part of a tile whose answer counts."""
        return self.side - 2 * self.halo


def enhance(data: bytes, spec: TileSpec, ask: Ask) -> bytes:
    """Apply a network to the whole of a picture at its own size.

    The picture is turned upright and made RGB. While the network works on some tiles, the rows above them are
    compressed; neither the padded picture nor the result is ever in memory as a whole.

    Args:
        data: the bytes of a picture file.
        spec: how it is cut.
        ask: asks the network; one thread calls it, several batches after one another.

    Returns:
        A PNG file of `scale` times the width and height of the picture.

    Raises:
        PictureError: the bytes can't be used, see `sightline_backend.pictures.open_picture`.
        ModelError: the network failed, or its answer has another shape or type.
    """
    image = _upright_rgb(data)
    core, halo, scale = spec.core, spec.halo * spec.scale, spec.scale
    result = PngRows(scale * image.width, scale * image.height)
    answers = _answers(_tiles(image, spec), spec, ask)
    for top in range(0, image.height, core):
        rows = scale * min(core, image.height - top)
        band = np.empty((rows, scale * image.width, 3), np.uint8)
        for left in range(0, image.width, core):
            columns = scale * min(core, image.width - left)
            answer = next(answers)
            band[:, scale * left : scale * left + columns] = answer[halo : halo + rows, halo : halo + columns]
        result.add(band)
    return result.finish()


def enhance_each(files: Sequence[bytes], spec: TileSpec, ask: Ask) -> npt.NDArray[np.object_]:
    """Apply a network to the picture files of one request, one after another.

    Returns:
        PNG files, object, (n, 1).

    Raises:
        PictureError: as in `enhance`; of several pictures the message says which one.
        ModelError: as in `enhance`.
    """
    results = np.empty((len(files), 1), np.object_)
    for index, data in enumerate(files):
        try:
            results[index, 0] = enhance(data, spec, ask)
        except PictureError as error:
            if len(files) == 1:
                raise
            raise type(error)(f"picture {index + 1} of {len(files)}: {error}") from error
    return results


def mirrored(start: int, stop: int, size: int) -> npt.NDArray[np.intp]:
    """The pixels of a row of `size` at the positions from `start` to `stop`, mirrored about the first and the last one.

    >>> mirrored(-2, 6, 4).tolist()
    [2, 1, 0, 1, 2, 3, 2, 1]
    >>> mirrored(-2, 2, 1).tolist()
    [0, 0, 0, 0]
    """
    period = max(2 * (size - 1), 1)
    positions = np.arange(start, stop) % period
    return np.minimum(positions, period - positions) if size > 1 else np.zeros_like(positions)


def _upright_rgb(data: bytes) -> Image.Image:
    image = open_picture(data)
    try:
        return to_mode(image, "rgb")
    except ValueError as error:
        raise PictureDamagedError(f"expected a grey, colour, palette or CMYK image, got mode {image.mode!r}") from error


def _tiles(image: Image.Image, spec: TileSpec) -> Iterator[Pixels]:
    """The tiles (side, side, 3) row by row, each row from left to right."""
    lefts = range(0, image.width, spec.core)
    columns = mirrored(-spec.halo, lefts[-1] + spec.core + spec.halo, image.width)
    for top in range(0, image.height, spec.core):
        rows = mirrored(top - spec.halo, top + spec.core + spec.halo, image.height)
        first, last = int(rows.min()), int(rows.max())
        strip = np.asarray(image.crop((0, first, image.width, last + 1)))
        strip = strip[rows - first][:, columns]  # (side, n * core + 2 * halo, 3)
        for left in lefts:
            yield strip[:, left : left + spec.side]


def _answers(tiles: Iterator[Pixels], spec: TileSpec, ask: Ask) -> Iterator[Pixels]:
    """The network's answers to the tiles, in their order; the next batches are under way meanwhile."""
    pool = ThreadPoolExecutor(1)
    pending: deque[Future[Pixels]] = deque()
    try:
        while batch := list(islice(tiles, spec.batch)):
            pending.append(pool.submit(_checked, np.stack(batch), spec, ask))
            if len(pending) > _AHEAD:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _checked(tiles: Pixels, spec: TileSpec, ask: Ask) -> Pixels:
    answers = ask(tiles)
    side = spec.scale * spec.side
    if answers.dtype != np.uint8 or answers.shape != (len(tiles), side, side, 3):
        raise ModelError(
            f"expected uint8 pixels of shape {(len(tiles), side, side, 3)} from {spec.network}, got {answers.dtype} of "
            f"shape {answers.shape}; correct side and scale in config.pbtxt, or the network"
        )
    return answers


def _whole(key: str, text: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        raise ParameterError(f"{key}: expected a whole number, got {text!r}; correct it in config.pbtxt")
    return int(digits[:9])
