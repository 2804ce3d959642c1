"""`sightline train`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sightline_export.cli.export import FITS, RESAMPLES
from sightline_export.cli.options import errors_end_with_their_code, numbers, repository_option, size_wh

STOPPED = 130  # what a shell gives a command that Ctrl-C ended

START_OPTIONS = (
    click.option(
        "--from",
        "source",
        required=True,
        metavar="SOURCE",
        help="torchvision:NAME, timm:NAME, path/to/file.py:factory, or a recipe such as lenet.",
    ),
    click.option(
        "--data",
        required=True,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="One folder of pictures per class, CIFAR-10's binary files or MNIST's idx files.",
    ),
    click.option("--name", help="What to call the model.  [default: made of the source and the folder]"),
    click.option("--weights", type=click.Path(path_type=Path), help="Start weights: .safetensors, .pth or .pt."),
    click.option("--pretrained", is_flag=True, help="Start weights that torchvision or timm publishes."),
    click.option("--size", callback=size_wh, metavar="N|WxH", help="Pixels that the network takes."),
    click.option("--fit", type=click.Choice(FITS), help="How a picture of another shape becomes that size."),
    click.option("--resample", type=click.Choice(RESAMPLES), help="How it is resampled."),
    click.option("--mode", type=click.Choice(("rgb", "gray")), help="Colours that the network takes."),
    click.option("--scale", type=click.FloatRange(min=0, min_open=True), help="Levels are multiplied by it first."),
    click.option("--mean", callback=numbers, metavar="A,B,C", help="Subtracted from each channel, after --scale."),
    click.option("--std", callback=numbers, metavar="A,B,C", help="Each channel is divided by it, after --mean."),
    click.option("--channel-order", type=click.Choice(("rgb", "bgr")), help="Order that the network takes."),
    click.option("--max-batch-size", type=click.IntRange(min=1), help="Largest batch that is served and verified."),
)
START = ("name", "weights", "pretrained", "size", "fit", "resample", "mode", "scale", "mean", "std", "channel_order")

TRAINING_OPTIONS = (
    click.option("--epochs", type=click.IntRange(min=1), default=20, show_default=True),
    click.option("--batch-size", type=click.IntRange(min=2), default=32, show_default=True),
    click.option(
        "--learning-rate",
        type=click.FloatRange(min=0, min_open=True),
        default=1e-3,
        show_default=True,
        help="Peak, of the last layer; the others get a tenth of it.",
    ),
    click.option("--freeze", is_flag=True, help="Train the last layer alone."),
    click.option("--flip", is_flag=True, help="Mirror pictures: where left and right mean the same."),
    click.option(
        "--smallest-crop",
        type=click.FloatRange(0.05, 1),
        default=0.5,
        show_default=True,
        help="Least share of a picture that a random crop shows.",
    ),
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True),
)

PLACE_OPTIONS = (
    repository_option,
    click.option("--version", type=click.IntRange(1, 2**31 - 1), help="Version to write.  [default: the next]"),
    click.option("--no-serve", is_flag=True, help="Do not ask a real tritonserver before publishing."),
    click.option(
        "--checkpoints",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("build/checkpoints"),
        show_default=True,
        help="Where training saves its state every ten seconds.",
    ),
    click.option(
        "--reproducers",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("build/reproducers"),
        show_default=True,
        help="Where a failed verification leaves a script that shows it again.",
    ),
    click.option(
        "--log-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("build/tensorboard"),
        show_default=True,
        help="Where the log for TensorBoard is written.",
    ),
    click.option(
        "--save-weights",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE.safetensors",
        help="Also keep the trained weights, for another --weights.",
    ),
)


def train_options(command: Any) -> Any:
    for option in reversed((*START_OPTIONS, *TRAINING_OPTIONS, *PLACE_OPTIONS)):
        command = option(command)
    return command


@click.command(
    epilog="Exit codes: 0 ok, 2 usage, 12 not a usable repository, 14 verification failed or graph that can't be "
    "served (nothing published), 15 the version exists or the name is taken, 16 unknown source, 17 unusable source, "
    "data or weights, 130 stopped by Ctrl-C."
)
@train_options
@errors_end_with_their_code
def train(**options: Any) -> None:
    """Fine-tune a network on pictures of your own, verify it and publish it.

    The network's last layer is replaced by one for the classes of the data. About a fifth of each class is held out
    and measured for the card, unless the folder has the halves train and val itself. A run that was stopped goes on
    when the same command is given again.
    """
    try:
        _train(**options)
    except KeyboardInterrupt as error:
        click.echo("Stopped. The same command goes on from the last saved state.", err=True)
        raise SystemExit(STOPPED) from error


def _train(source: str, data: Path, **options: Any) -> None:
    from sightline_export.release import Setting
    from sightline_export.report import report
    from sightline_export.sources import Choices
    from sightline_export.transfer.fine_tuning import FineTuning
    from sightline_export.transfer.train import Order
    from sightline_export.transfer.train import train as events

    def taken(*names: str) -> dict[str, Any]:
        return {name: options[name] for name in names}

    order = Order(
        source,
        data,
        Choices(**taken(*START, "max_batch_size")),
        FineTuning(**taken("epochs", "batch_size", "learning_rate", "freeze", "flip", "smallest_crop", "seed")),
        Setting(options["repository"], options["version"], options["reproducers"], serve=not options["no_serve"]),
        options["checkpoints"],
        options["log_dir"],
        options["save_weights"],
    )
    report(order.name, events(order))
