"""MLServer with a custom runtime, adaptive batching and one worker for each core.

https://docs.seldon.ai/mlserver/user-guide/custom, https://docs.seldon.ai/mlserver/user-guide/adaptive-batching
"""

# pyright: basic, reportMissingImports=false

from classifier import TOP, Classifier
from mlserver import MLModel
from mlserver.codecs import Base64Codec
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


class Runtime(MLModel):
    async def load(self) -> bool:
        self._classifier = Classifier(threads=1)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rankings = self._classifier.classify(Base64Codec.decode_input(payload.inputs[0]))
        best = [each for ranking in rankings for each in ranking]
        shape = [len(rankings), TOP]
        labels = ResponseOutput(name="LABELS", datatype="BYTES", shape=shape, data=[each["label"] for each in best])
        scores = ResponseOutput(name="SCORES", datatype="FP64", shape=shape, data=[each["score"] for each in best])
        return InferenceResponse(model_name=self.name, outputs=[labels, scores])
