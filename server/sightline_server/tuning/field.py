"""The servers that run at the same time, one per arrangement."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

from sightline_server.arrangement import Arrangement
from sightline_server.errors import SightlineServerError
from sightline_server.tuning.arranged import arranged, file_text
from sightline_server.tuning.contestant import Contestant, Grounds, contestant
from sightline_server.tuning.memory import available_memory_mib
from sightline_server.tuning.schedule import race_s


class Field:
    """Starts servers and ends them, all that are left at the end of the context.

    exported: the configurations of the model, by the name of the variant, as Triton's protobuf messages.
    """

    def __init__(self, grounds: Grounds, exported: Mapping[str, Any]) -> None:
        self.running: dict[Arrangement, Contestant] = {}
        self.memory_mib: dict[Arrangement, float] = {}
        """Of every arrangement that was measured, at its end."""
        self._grounds = grounds
        self._exported = exported
        self._exits: dict[Arrangement, contextlib.ExitStack] = {}

    def __enter__(self) -> "Field":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for arrangement in list(self.running):
            self.end(arrangement)

    def start(self, arrangement: Arrangement) -> Contestant:
        """
        Raises:
            SightlineServerError: It could not be started, or answers wrongly.
        """
        config = file_text(arranged(self._exported[arrangement.config_name], arrangement), ())
        with contextlib.ExitStack() as stack:
            started = stack.enter_context(contestant({self._grounds.model: config}, self._grounds))
            self._exits[arrangement] = stack.pop_all()
        self.running[arrangement] = started
        return started

    def start_others(
        self,
        arrangements: Iterable[Arrangement],
        remaining_s: Callable[[], float],
        round_s: float,
        starting: Callable[[Arrangement], None],
    ) -> dict[Arrangement, str]:
        """Starts as many as there is time and memory for, after the first one.

        Args:
            arrangements: The one most worth it first.
            remaining_s: The time that is left.
            round_s: What a round of one arrangement takes.
            starting: Is told which one is started.

        Returns:
            Those that do not run, with the reason.
        """
        start_s = max(each.start_s for each in self.running.values())
        left_out: dict[Arrangement, str] = {}
        for each in arrangements:
            count = len(self.running) + 1
            if count > 2 and remaining_s() < start_s + race_s(count, round_s):
                left_out[each] = "there was no time for it; --minutes gives more"
                continue
            starting(each)
            if problem := self._problem_of_start(each):
                left_out[each] = problem
        return left_out

    def end(self, arrangement: Arrangement) -> None:
        self.memory_mib[arrangement] = self.running.pop(arrangement).memory_mib()
        self._exits.pop(arrangement).close()

    def _problem_of_start(self, arrangement: Arrangement) -> str | None:
        largest_mib = max(each.memory_mib() for each in self.running.values())
        needed_mib, left_mib = 2 * largest_mib * (arrangement.processes or 1), available_memory_mib()
        if left_mib < needed_mib:
            return f"it may need {needed_mib:.0f} MiB of memory, of which {left_mib:.0f} are left"
        try:
            self.start(arrangement)
        except SightlineServerError as error:
            return error.message
        return None
