"""The variational autoencoder: its loss, its gradient, its training, and the three ways in which it is served."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from sightline_backend.noise import normal_noise
from sightline_export.graph.trace import trace
from sightline_export.measures.reconstruction import reconstruction
from sightline_export.models.vae import VAE, Decoder, Encoder, Interpolator, Reconstructor, VAEConfig, sample
from sightline_export.recipe import Recipe, find_recipe
from sightline_export.runtimes import onnx_runtime, pytorch_runtime
from sightline_export.sheets.latent_plane import nearest_seeds, quantile_grid
from sightline_export.training import variational
from sightline_export.training.checkpoint import Checkpoint
from sightline_export.training.progress import Epoch
from sightline_export.training.variational import VariationalSettings, squared_error, train_variational

SMALL = VAEConfig(side=16, widths=(4, 4), hidden=16)
BARS = np.zeros((128, 16, 16, 1), dtype=np.uint8)  # a bright column, anywhere
BARS[np.arange(128), :, np.arange(128) % 16] = 255


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def small_vae() -> VAE:
    torch.manual_seed(0)
    return VAE(SMALL).eval()


def run(vae: VAE, path: Path, epochs: int = 4) -> Iterator[Epoch]:
    settings = VariationalSettings(epochs=epochs, batch_size=32, learning_rate=1e-2, sigma=0.1)
    return train_variational(vae, BARS, settings, Checkpoint(path, "run", interval_s=0))


@pytest.mark.parametrize("latent", [1, 2, 5])
def test_the_kl_term_is_that_of_the_distributions(latent: int) -> None:
    mean, log_variance = 3 * normal(64, latent, seed=1), 2 * normal(64, latent, seed=2)
    posterior = Normal(mean, (log_variance / 2).exp())
    wanted = kl_divergence(posterior, Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(variational.kl_divergence(mean, log_variance), wanted)


def test_the_kl_term_is_least_where_the_posterior_is_the_prior() -> None:
    zeros = torch.zeros(1, 2, requires_grad=True)
    divergence = variational.kl_divergence(zeros, zeros)
    divergence.sum().backward()
    assert divergence.item() == 0
    assert zeros.grad is not None
    assert zeros.grad.abs().max() == 0


def test_the_squared_error_is_the_likelihood_up_to_a_constant() -> None:
    sigma, x = 0.3, torch.rand(8, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    first, second = normal(8, 1, 4, 4, seed=2), normal(8, 1, 4, 4, seed=3)
    log_likelihoods = [Normal(mean, sigma).log_prob(x).flatten(1).sum(dim=1).mean() for mean in (first, second)]
    difference = (squared_error(second, x) - squared_error(first, x)) / (2 * sigma**2)
    torch.testing.assert_close(difference, log_likelihoods[0] - log_likelihoods[1], rtol=1e-4, atol=1e-3)


def test_a_sample_has_the_mean_and_the_variance_of_the_posterior() -> None:
    mean, log_variance = torch.tensor([[1.5, -2.0]]), torch.tensor([[0.4, -3.0]])
    z = sample(mean, log_variance, normal(200_000, 2))
    torch.testing.assert_close(z.mean(dim=0), mean[0], atol=0.01, rtol=0)
    torch.testing.assert_close(z.var(dim=0), log_variance[0].exp(), atol=0, rtol=0.02)


def test_gradients_reach_mean_and_variance_through_the_sample() -> None:
    mean, log_variance, noise = normal(5, 2, seed=1), normal(5, 2, seed=2), normal(5, 2, seed=3)
    ours = [tensor.clone().requires_grad_() for tensor in (mean, log_variance)]
    sample(ours[0], ours[1], noise).pow(3).sum().backward()
    z = sample(mean, log_variance, noise)
    by_hand = (3 * z**2, 3 * z**2 * noise * (log_variance / 2).exp() / 2)  # dz/dmean = 1, dz/dstd = noise
    for got, wanted in zip(ours, by_hand, strict=True):
        assert got.grad is not None
        torch.testing.assert_close(got.grad, wanted)


def test_the_gradient_of_an_expectation_is_that_of_torch_distributions() -> None:
    mean, log_variance = torch.tensor([0.7]), torch.tensor([-0.5])
    gradients: list[list[Tensor]] = []
    for way in ("ours", "theirs"):
        parameters = [mean.clone().requires_grad_(), log_variance.clone().requires_grad_()]
        torch.manual_seed(3)
        if way == "ours":
            z = sample(parameters[0], parameters[1], torch.randn(1000, 1))
        else:
            z = Normal(parameters[0], (parameters[1] / 2).exp()).rsample((1000,))
        z.sin().mean().backward()
        gradients.append([parameter.grad for parameter in parameters if parameter.grad is not None])
    torch.testing.assert_close(gradients[0], gradients[1])
    assert len(gradients[0]) == 2


def test_every_weight_gets_a_gradient_from_the_bound() -> None:
    vae = VAE(SMALL)
    reconstruction, mean, log_variance = vae(torch.rand(4, 1, 16, 16), normal(4, 2))
    (
        squared_error(reconstruction, torch.zeros(4, 1, 16, 16)) + variational.kl_divergence(mean, log_variance).sum()
    ).backward()
    assert [name for name, p in vae.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


@pytest.mark.parametrize("batch", [1, 3])
def test_outputs_have_the_documented_shapes(batch: int) -> None:
    config = VAEConfig()
    assert [tuple(t.shape) for t in Encoder(config)(torch.zeros(batch, 1, 28, 28))] == [(batch, 2), (batch, 2)]
    pictures = Decoder(config)(5 * normal(batch, 2)).detach()
    assert tuple(pictures.shape) == (batch, 1, 28, 28)
    assert 0 <= float(pictures.min()) <= float(pictures.max()) <= 1


def test_a_vae_learns_what_can_be_learned(tmp_path: Path) -> None:
    vae = small_vae()
    epochs = list(run(vae, tmp_path / "v.pt", epochs=50))
    assert [epoch.number for epoch in epochs] == list(range(1, 51))
    assert epochs[-1].figures["error"] < 0.5 * epochs[0].figures["error"]
    assert epochs[-1].figures["KL"] > 1
    assert not vae.training


def test_a_stopped_run_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    unbroken, killed, resumed = small_vae(), small_vae(), small_vae()
    list(run(unbroken, tmp_path / "a.pt"))
    list(islice(run(killed, tmp_path / "b.pt"), 2))
    assert [epoch.number for epoch in run(resumed, tmp_path / "b.pt")] == [3, 4]
    for name, weight in unbroken.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


@pytest.mark.parametrize(("epochs", "batch_size", "sigma"), [(0, 64, 0.2), (1, 1, 0.2), (1, 64, 0.0), (1, 64, -1.0)])
def test_settings_that_cannot_be_used_are_refused(epochs: int, batch_size: int, sigma: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        VariationalSettings(epochs=epochs, batch_size=batch_size, sigma=sigma)


def test_interpolation_goes_straight_from_mean_to_mean() -> None:
    vae = small_vae()
    first, second = (torch.rand(3, 1, 16, 16, generator=torch.Generator().manual_seed(k)) for k in (1, 2))
    between, alone = Interpolator(vae), Reconstructor(vae)
    torch.testing.assert_close(between(first, second, torch.zeros(3, 1)), alone(first))
    torch.testing.assert_close(between(first, second, torch.ones(3, 1)), alone(second))
    halfway = (vae.encoder(first)[0] + vae.encoder(second)[0]) / 2
    torch.testing.assert_close(between(first, second, torch.full((3, 1), 0.5)), vae.decoder(halfway))


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    found = find_recipe("vae")
    assert isinstance(found, Recipe)
    return found


@pytest.mark.filterwarnings("ignore:# The axis name")  # all inputs share the batch axis
def test_fractions_outside_count_as_the_nearer_end_in_every_runtime(recipe: Recipe, tmp_path: Path) -> None:
    spec = recipe.companions[1].spec
    torch.manual_seed(0)
    graph = spec.task.graph(spec, Interpolator(VAE(VAEConfig()))).eval()
    signature = spec.task.network_signature(spec)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    fractions = np.array([-3.0, 0.0, float("nan"), float("-inf"), 1.0, 7.0, float("inf"), 0.5], np.float32)[:, None]
    inputs = {
        "PIXELS": np.repeat(pictures[:1], len(fractions), axis=0),
        "OTHER_PIXELS": np.repeat(pictures[1:], len(fractions), axis=0),
        "FRACTION": fractions,
    }
    trace(graph, tuple(torch.from_numpy(inputs[s.name]) for s in signature.inputs), signature, tmp_path / "model.onnx")
    for runtime in (pytorch_runtime(graph, signature), onnx_runtime(tmp_path / "model.onnx")):
        result = runtime(inputs)["RESULT_PIXELS"]
        assert result.shape == (8, 28, 28, 3)
        assert all(np.array_equal(result[k], result[1]) for k in (0, 2, 3))
        assert all(np.array_equal(result[k], result[4]) for k in (5, 6))
        assert np.array_equal(result[..., 0], result[..., 2])


def test_the_served_parts_share_the_trained_weights(recipe: Recipe) -> None:
    vae = recipe.build()
    assert isinstance(vae, VAE)
    parts = {part.name: part.network(vae) for part in recipe.parts}
    assert list(parts) == ["vae_reconstruct", "vae_interpolate", "vae"]
    assert parts["vae"] is vae.decoder
    for name in ("vae_reconstruct", "vae_interpolate"):
        assert {id(p) for p in parts[name].parameters()} == {id(p) for p in vae.parameters()}


def test_the_reconstruction_figure_by_hand() -> None:
    sent = np.zeros((4, 2, 2, 1), np.uint8)
    sent[:2] = 100
    received = np.array(sent)
    received[0] = 90  # squared error 100; of the mean picture 2500
    labels = np.array([0, 0, 1, 1])
    measured = reconstruction(sent, received, np.full((2, 2, 1), 50.0), labels, ("a", "b", "absent"), floor=0.4)
    below, error = measured.figures
    assert (below.name, below.floor) == ("reconstruction error below the mean picture's", 0.4)
    assert below.value == pytest.approx(1 - 25 / 2500)
    assert error.value == pytest.approx(5)
    assert list(measured.per_class) == ["a", "b"]
    assert measured.per_class["a"]["below the mean picture's"] == pytest.approx(1 - 50 / 2500)


def test_answering_the_mean_picture_is_no_better_than_it() -> None:
    sent = np.random.default_rng(1).integers(0, 256, (6, 3, 3, 1)).astype(np.uint8)
    mean = sent.astype(np.float64).mean(axis=0).round()
    received = np.repeat(mean[None], 6, axis=0).astype(np.uint8)
    measured = reconstruction(sent, received, mean, np.zeros(6, np.int64), ("all",), floor=0.4)
    assert measured.figures[0].value == pytest.approx(0)
    assert not measured.figures[0].holds


def test_the_map_is_spaced_by_quantiles_and_drawn_by_the_nearest_seeds() -> None:
    points = quantile_grid(5)
    assert points.shape == (5, 5, 2)
    assert points[2, 2].tolist() == [0, 0]
    assert points[0, 0].tolist() == pytest.approx([-1.2816, 1.2816], abs=1e-3)  # quantiles 0.1 and 0.9
    seeds = nearest_seeds(points, range(500))
    latent = np.stack([normal_noise(seed, 2) for seed in range(500)])
    for row, column in ((0, 0), (2, 2), (4, 1)):
        distances = np.linalg.norm(latent - points[row, column], axis=1)
        assert seeds[row, column] == distances.argmin()
