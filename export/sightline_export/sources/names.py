"""Names of models: what the repository and Triton accept."""

import re


def valid_name(text: str) -> str:
    """`text` as the name of a model.

    >>> valid_name("EfficientNet-B0"), valid_name("3layers")
    ('efficientnet_b0', 'model_3layers')
    """
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return (name if name[:1].isalpha() else f"model_{name}")[:64].rstrip("_")
