"""LitServe with batching, one worker for each core.

https://lightning.ai/docs/litserve/features/batching
"""

# pyright: basic, reportMissingImports=false

from typing import Annotated

import litserve as ls
import numpy as np
from classifier import BATCH, PORT, WAIT_S, Classifier
from fastapi import Body

WORKERS = 2


class ClassifierAPI(ls.LitAPI):
    def setup(self, device):
        self.classifier = Classifier(threads=1)

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]):
        return self.classifier.decode(request)

    def batch(self, inputs):
        return np.stack(inputs)

    def predict(self, pixels):
        return self.classifier.rank(pixels)

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return output


if __name__ == "__main__":
    api = ClassifierAPI(max_batch_size=BATCH, batch_timeout=WAIT_S)
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=WORKERS, fast_queue=True)
    server.run(host="127.0.0.1", port=PORT, log_level="warning", access_log=False, generate_client_file=False)
