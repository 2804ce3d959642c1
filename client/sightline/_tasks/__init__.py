"""What each task sends and how its answer is read; pure, so that every transport shares it."""

from sightline._tasks.call import Answer, Call
from sightline._tasks.classify import classify
from sightline._tasks.detect import detect
from sightline._tasks.embed import embed
from sightline._tasks.enhance import enhance
from sightline._tasks.explain import explain
from sightline._tasks.generate import generate
from sightline._tasks.interpolate import interpolate
from sightline._tasks.segment import segment

__all__ = ["Answer", "Call", "classify", "detect", "embed", "enhance", "explain", "generate", "interpolate", "segment"]
