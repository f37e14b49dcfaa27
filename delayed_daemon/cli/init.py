"""``delayed-daemon init``: a configuration file and a first job, to start from."""

from __future__ import annotations

import os
import shlex
from importlib.resources import files
from pathlib import Path

import click

from delayed_daemon.cli.options import SectionedCommand
from delayed_daemon.errors import ConfigurationError

_FILE = "delayed-daemon.yml"
_MODULE = "jobs.py"
_JOB = '''\
"""Background jobs: any object with a ``perform`` method can be one."""

from dataclasses import dataclass


@dataclass
class Greeting:
    name: str

    def perform(self) -> None:
        print(f"Hello, {self.name}!", flush=True)


# In the application:
#
#   from delayed_daemon import enqueue
#   enqueue(Greeting("Ada"))
'''


@click.command(cls=SectionedCommand)
@click.option(
    "--directory",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="where to write; made if need be  [the working directory]",
)
def init(directory: Path) -> int:
    """Write a commented configuration and a first job.

    delayed-daemon.yml has every setting with its default and a line why one would change it;
    jobs.py has a job. Files that are there already are not touched, and nothing is written then.
    """
    texts = {_FILE: _configuration(), _MODULE: _JOB}
    if there := [str(directory / name) for name in texts if os.path.lexists(directory / name)]:
        raise ConfigurationError(f"{' and '.join(there)} would be overwritten; name another place with --directory")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with (directory / name).open("x", encoding="utf-8") as file:
                file.write(text)
            click.echo(f"wrote {directory / name}")
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: cannot be written: {error.strerror}") from error
    click.echo(_next_steps(directory))
    return 0


def _configuration() -> str:
    """The file with every setting, with the application named: all else has its default."""
    text = files("delayed_daemon.settings").joinpath(_FILE).read_text("utf-8")
    return text.replace("\n#app: []\n", f"\napp: [{Path(_MODULE).stem}]\n", 1)


def _next_steps(directory: Path) -> str:
    lines = ["", "Next:"]
    if directory != Path():
        lines.append(f"  cd {shlex.quote(str(directory))}")
    lines.append(f'  delayed-daemon enqueue --config {_FILE} jobs.Greeting \'{{"name": "Ada"}}\'')
    lines.append(f"  delayed-daemon work-off --config {_FILE}")
    return "\n".join(lines)
