"""`python -m sightline_server`: the server's commands on a machine without the client."""

import click

from sightline_server import __version__
from sightline_server.bench.cli import bench
from sightline_server.cli import doctor, install_runtime, probe, serve
from sightline_server.tracing.cli import trace
from sightline_server.tuning.cli import tune


@click.group()
@click.version_option(__version__, prog_name="sightline-server")
def main() -> None:
    """Serve image models with NVIDIA Triton."""


main.add_command(serve)
main.add_command(probe)
main.add_command(doctor)
main.add_command(install_runtime)
main.add_command(bench)
main.add_command(trace)
main.add_command(tune)

if __name__ == "__main__":
    main(prog_name="python -m sightline_server")
