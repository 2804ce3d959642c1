import pickle

import pytest

import sightline
from sightline import SightlineError

BUILT_IN = {
    sightline.ImageError: ValueError,
    sightline.ConnectionFailed: ConnectionError,
    sightline.RequestTimeout: TimeoutError,
    sightline.ModelNotFound: LookupError,
    sightline.InvalidRequest: ValueError,
}


@pytest.mark.parametrize(("kind", "built_in"), BUILT_IN.items())
def test_errors_are_also_the_built_in_class_that_people_catch(
    kind: type[SightlineError], built_in: type[Exception]
) -> None:
    with pytest.raises(built_in, match=r"^what happened$") as caught:
        raise kind("what happened", model="cnn", status="404")
    assert isinstance(caught.value, SightlineError)
    assert (caught.value.model, caught.value.status) == ("cnn", "404")


@pytest.mark.parametrize("kind", [SightlineError, *BUILT_IN, sightline.ModelNotReady, sightline.InferenceFailed])
def test_errors_survive_the_way_to_another_process(kind: type[SightlineError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what happened", model="cnn", status="404")))  # noqa: S301
    assert (type(error), str(error), error.model, error.status) == (kind, "what happened", "cnn", "404")
