"""What neither a graph nor our backends offer: CLASS_ID as input and as output, for which an ensemble would answer with
its own input.
"""

EXPLAIN = '''
import triton_python_backend_utils as pb_utils
from sightline_backend.adapter import answer_each, input_array
from sightline_backend.errors import ModelError
from sightline_backend.pixels import PixelSpec, decode_batch

CELLS = PixelSpec(8, 8, resample="nearest")


class TritonPythonModel:
    """IMAGE and CLASS_ID to what the network of the explanation answers."""

    def execute(self, requests):
        return answer_each(requests, self.answer)

    def answer(self, request):
        # Decoded here: a step that is asked from here refuses a bad picture with the code INTERNAL.
        pixels = decode_batch(list(input_array(request, "IMAGE")[:, 0]), CELLS)
        inputs = [
            pb_utils.Tensor("PIXELS", pixels),
            pb_utils.Tensor("ASKED_CLASS_ID", input_array(request, "CLASS_ID")),
        ]
        answer = pb_utils.InferenceRequest(
            model_name="tiny_explain_network", inputs=inputs, requested_output_names=["HEATMAP", "CLASS_ID", "SCORE"]
        ).exec()
        if answer.has_error():
            raise ModelError(answer.error().message())
        return answer.output_tensors()
'''
