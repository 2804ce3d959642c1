"""The service and the export's own pipeline, in this process without any server, give the same answers."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from congruence.test_answers import PICTURES, TOLERANCE, scores
from PIL import Image
from serving import ROOT, Service

from sightline import Client
from sightline_backend.pixels import PixelSpec, decode
from sightline_backend.steps import files_array
from sightline_export.exporter import published_model
from sightline_export.runtimes import onnx_runtime

REPOSITORY = ROOT / "model_repository"


@pytest.mark.parametrize("model", ["cnn", "attention"])
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_served_score_is_the_exports_own(service: Service, model: str, picture: bytes) -> None:
    own = published_model(REPOSITORY, model)({"IMAGE": files_array([picture])})["SCORES"][0]
    for url in (service.http_url, service.grpc_url):
        np.testing.assert_allclose(scores(url, model, picture), own, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("seed", [0, 7, -1, 2**63 - 1])
def test_a_generated_picture_is_the_exports_own(service: Service, seed: int) -> None:
    file = published_model(REPOSITORY, "gan")({"SEED": np.array([[seed]])})["RESULT"].item()
    own = np.asarray(Image.open(BytesIO(file)), dtype=int)
    with Client(service.grpc_url, timeout=60) as client:
        served = np.asarray(client.generate(seed=seed), dtype=int)
    assert np.abs(served - own).max() <= 1  # rounding at the border of two levels


def test_the_attention_map_is_served_by_the_network(service: Service) -> None:
    picture = Path(REPOSITORY / "attention" / "1" / "golden" / "digit-3.png").read_bytes()
    pixels = decode(picture, PixelSpec(64, 64))[None]
    own = onnx_runtime(REPOSITORY / "attention_network" / "1" / "model.onnx")({"PIXELS": pixels})["ATTENTION"]
    with Client(service.http_url, timeout=60) as client:
        served = client.infer("attention_network", {"PIXELS": pixels}, outputs=["ATTENTION"])["ATTENTION"]
    assert served.shape == (1, 8, 8)
    np.testing.assert_allclose(served, own, rtol=0, atol=TOLERANCE)
