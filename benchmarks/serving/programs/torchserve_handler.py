"""A custom handler of TorchServe; how many pictures a batch holds is in its `model-config.yaml`.

https://docs.pytorch.org/serve/batch_inference_with_ts.html, https://docs.pytorch.org/serve/custom_service.html
"""

# pyright: basic, reportMissingImports=false

from classifier import Classifier


class Handler:
    def initialize(self, context):
        self.classifier = Classifier(threads=1)

    def handle(self, data, context):
        return self.classifier.classify([bytes(request["body"]) for request in data])
