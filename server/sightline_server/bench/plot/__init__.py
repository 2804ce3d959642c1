"""Throughput and latency against load, drawn with Pillow, which the server needs anyway."""
