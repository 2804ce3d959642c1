"""Which errors are one picture's own, and which would meet every other picture too."""

from __future__ import annotations

from sightline.errors import ImageError, InferenceFailed, InvalidRequest, RequestTimeout, SightlineError

# What is wrong with a picture shows itself in one of these.
_OF_ONE_PICTURE = (ImageError, InferenceFailed, InvalidRequest, RequestTimeout)
_WITHOUT_PERMISSION = frozenset({"401", "403", "UNAUTHENTICATED", "PERMISSION_DENIED"})


def is_of_one_picture(error: SightlineError) -> bool:
    """Return whether the next picture may fare better.

    Example:
        >>> is_of_one_picture(InvalidRequest("unknown key", status="401"))
        False
    """
    if isinstance(error, InvalidRequest):
        # Without a status it was refused here, knowing nothing of the picture: the model or an option is wrong.
        return error.status is not None and error.status not in _WITHOUT_PERMISSION
    return isinstance(error, _OF_ONE_PICTURE)
