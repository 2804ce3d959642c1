"""The recipes; importing this package registers them in this order."""

from sightline_export.recipes import attention, cnn, gan

__all__ = ["attention", "cnn", "gan"]
