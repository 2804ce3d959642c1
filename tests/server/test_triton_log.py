from sightline_server.triton_log import (
    decisive_lines,
    live_models_at_exit,
    load_failures,
    loaded_models,
    models_still_loading,
)

LOG = r"""E1121 07:20:40.663870 7387 server.cc:241] "CudaDriverHelper has not been initialized."
I1121 07:20:40.664716 7387 model_lifecycle.cc:472] "loading: bad:1"
I1121 07:20:40.664733 7387 model_lifecycle.cc:472] "loading: echo:1"
I1121 07:20:40.664733 7387 model_lifecycle.cc:472] "loading: slow:1"
E1121 07:20:40.825757 7387 model_lifecycle.cc:642] "failed to load 'bad' version 1: Internal: ValueError: the file\nis short\n\nAt:\n  /m/model.py(1): <module>\n"
I1121 07:20:40.825786 7387 model_lifecycle.cc:777] "failed to load 'bad'"
I1121 07:20:42.045927 7387 model_lifecycle.cc:839] "successfully loaded 'echo'"
+-------+---------+--------+
| bad   | 1       | UNAVAILABLE |
+-------+---------+--------+
error: creating server: Invalid argument - load failed for model 'bad'
"""  # noqa: E501


def test_loaded_and_loading_models_are_read() -> None:
    assert loaded_models(LOG) == ("echo",)
    assert models_still_loading(LOG) == ("slow",)


def test_the_reason_of_a_failure_is_one_line_without_the_traceback() -> None:
    assert load_failures(LOG) == {"bad": "Internal: ValueError: the file is short"}


def test_a_reason_over_several_lines_ends_at_the_next_record() -> None:
    log = LOG.replace(r"\n", "\n")
    assert load_failures(log) == {"bad": "Internal: ValueError: the file is short"}


def test_the_decisive_lines_are_the_errors_without_what_every_cpu_machine_says() -> None:
    lines = decisive_lines(LOG)
    assert lines[-1] == "error: creating server: Invalid argument - load failed for model 'bad'"
    assert not any("CudaDriverHelper" in line for line in lines)


def test_without_errors_the_last_lines_are_shown() -> None:
    assert decisive_lines('I1121 07:20:42.045927 7387 x.cc:1] "first"\nlast words\n') == ['"first"', "last words"]


def test_the_last_count_of_live_models_tells_how_far_the_end_is() -> None:
    line = (
        'I1121 07:41:03.0 1 server.cc:345] "Timeout 8: Found %d live models and %d in-flight non-inference requests"\n'
    )
    assert live_models_at_exit("") is None
    assert live_models_at_exit(line % (0, 1)) is None
    assert live_models_at_exit(line % (3, 0) + line % (1, 0)) == 1
