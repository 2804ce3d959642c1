"""One colour per stage, on the terminal and in drawings."""

from typing import TypeAlias

from sightline_server.tracing.stages import UNATTRIBUTED

Colour: TypeAlias = tuple[int, int, int]

PAPER: Colour = (255, 255, 255)
INK: Colour = (33, 33, 33)
FAINT: Colour = (125, 125, 125)
TRACK: Colour = (243, 243, 243)

# Okabe and Ito, Color Universal Design, 2008
_STAGES: dict[str, Colour] = {
    "client encode": (86, 180, 233),
    "client decode": (86, 180, 233),
    "network": (0, 114, 178),
    "queue": (230, 159, 0),
    "copies": (204, 121, 167),
    "decode": (0, 158, 115),
    "resize": (102, 197, 171),
    "inference": (213, 94, 0),
    "postprocess": (122, 104, 166),
    UNATTRIBUTED: (176, 176, 176),
}
_OTHER: Colour = (110, 110, 60)


def stage_colour(stage: str) -> Colour:
    """The colour of a stage; all that have no own one share one."""
    return _STAGES.get(stage, _OTHER)
