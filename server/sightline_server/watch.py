"""Watches the models of a running tritonserver and repairs those whose Python process died."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sightline_server.control import CallFailed, Control
from sightline_server.probe import Outcome, Probe, probe
from sightline_server.recovery import PROBE_INTERVAL_S, HangWatch, RepairPolicy, pause_after_probe_s
from sightline_server.repository import Model
from sightline_server.selection import parts_of
from sightline_server.selftest import Tested
from sightline_server.shared_memory import remove_unused_regions
from sightline_server.stubs import find_stubs, is_alive, model_of

PROBE_TIMEOUT_S = 5.0
RELOAD_TIMEOUT_S = 60.0
MAX_FAILED_RELOADS = 3


class Watch:
    """Two ways to notice a dead Python process: its entry in /proc, at every look, and a golden request now and then.

    The first is quick and finds each of several instances; the second is what a user would see, and finds what no
    process table shows.
    """

    def __init__(
        self, control: Control, pid: int, tested: Sequence[Tested], models: Sequence[Model], region_prefix: str,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.control = control
        self.pid = pid
        self.tested = [entry for entry in tested if entry.cases]
        self.models = {model.name: model for model in models}
        self.region_prefix = region_prefix
        self.say = say
        self.stubs = find_stubs(pid)
        self.repairs = RepairPolicy()
        self.hangs = HangWatch()
        self.successes: dict[str, int] = {}
        self.to_reload: set[str] = set()
        self.failed_reloads = 0
        self.reloads = 0
        self.next_probes = {
            (entry.model.name, entry.version): time.monotonic() + PROBE_INTERVAL_S for entry in self.tested
        }

    def look(self) -> bool:
        """Looks once and repairs what is broken; False when only a new tritonserver can help."""
        for pid, instance in list(self.stubs.items()):
            model = model_of(instance, self.models)
            if model is not None and not is_alive(pid):
                self.say(f"The Python process {pid} of {instance} has died.")
                del self.stubs[pid]
                self.to_reload.add(model)
        for entry in self.tested:
            begun = time.monotonic()
            if begun < self.next_probes[entry.model.name, entry.version]:
                continue
            result = self.ask(entry)
            ended = time.monotonic()
            pause_s = pause_after_probe_s(ended - begun, answered=result.outcome is Outcome.OK)
            self.next_probes[entry.model.name, entry.version] = ended + pause_s
            if not self.judge(entry, result):
                return False
        return self.repair()

    def ask(self, entry: Tested) -> Probe:
        """One golden request, unless the model has answered somebody else since the last one."""
        name = entry.model.name
        try:
            successes = self.control.successes(name)
        except CallFailed:
            successes = -1
        if successes > self.successes.get(name, successes):
            self.successes[name] = successes
            return Probe(Outcome.OK)
        result = probe(self.control, name, entry.version, entry.cases[0], PROBE_TIMEOUT_S)
        self.successes[name] = successes + (result.outcome is Outcome.OK)
        return result

    def judge(self, entry: Tested, result: Probe) -> bool:
        name = entry.model.name
        if result.outcome is Outcome.DEAD_STUB:
            model = model_of(result.instance or "", self.models)
            if model is not None and model not in self.to_reload:
                self.say(f"{name} does not answer: {result.detail}")
                self.to_reload.add(model)
        elif result.outcome is Outcome.NOT_READY:
            self.reload_what_is_missing(entry)
        elif result.outcome is Outcome.TIMEOUT:
            if self.hangs.timed_out(name, self.successes.get(name, 0), time.monotonic()):
                self.say(f"{name} has answered nobody for a minute.")
                return False
            return True
        elif result.outcome in (Outcome.WRONG, Outcome.REFUSED):
            self.say(f"{name} version {entry.version}, {result.outcome.value}: {result.detail}")
        self.hangs.answered(name)
        return True

    def reload_what_is_missing(self, entry: Tested) -> None:
        try:
            ready = self.control.ready_versions()
        except CallFailed:
            return
        parts = parts_of(entry.model, self.models)
        # an ensemble is missing because a step is; Triton brings it back with that
        candidates = parts if entry.model.is_ensemble else (*parts, entry.model.name)
        self.to_reload.update(name for name in candidates if name not in ready)

    def repair(self) -> bool:
        now = time.monotonic()
        due = [model for model in sorted(self.to_reload) if self.repairs.is_due(model, now)]
        if not due:
            return True
        for model in due:
            self.repairs.record(model, now)
            self.reloads += 1
        # at the same time: each takes more than a second, and several processes may have died at once
        with ThreadPoolExecutor(len(due)) as pool:
            problems = dict(zip(due, pool.map(self.reload, due), strict=True))
        for model, problem in problems.items():
            if problem is None:
                self.to_reload.discard(model)
                self.say(f"{model} was loaded again in {time.monotonic() - now:.1f} s.")
            else:
                self.say(f"{model} could not be loaded again: {problem}")
        # those that were not reloaded keep their entries, so that a death in the meantime is still noticed
        kept = {pid: name for pid, name in self.stubs.items() if model_of(name, self.models) not in due}
        self.stubs = find_stubs(self.pid) | kept
        remove_unused_regions(self.region_prefix)
        self.failed_reloads = self.failed_reloads + 1 if any(problems.values()) else 0
        return self.failed_reloads < MAX_FAILED_RELOADS

    def reload(self, model: str) -> str | None:
        """Why the model could not be loaded again; None when it was."""
        try:
            self.control.reload(model, RELOAD_TIMEOUT_S)
        except CallFailed as error:
            return error.message
        return None
