"""`sightline bench`: how fast a running service answers, measured by NVIDIA's perf_analyzer with real pictures."""
