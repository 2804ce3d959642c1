"""What neither a graph nor our backends offer: the size of the sent picture, a grey PNG of that size, and CLASS_ID as
input and as output, for which an ensemble would answer with its own input.
"""

SIZE = '''
import numpy as np
import triton_python_backend_utils as pb_utils
from sightline_backend.adapter import answer_each, input_array
from sightline_backend.pictures import open_picture


class TritonPythonModel:
    """IMAGE to SIZE: width and height in pixels, turned as the EXIF orientation says."""

    def execute(self, requests):
        return answer_each(requests, self.answer)

    def answer(self, request):
        sizes = [open_picture(data).size for data in input_array(request, "IMAGE")[:, 0]]
        return [pb_utils.Tensor("SIZE", np.array(sizes, np.float32))]
'''

CLASS_MAP = '''
import io

import numpy as np
import triton_python_backend_utils as pb_utils
from PIL import Image


class TritonPythonModel:
    """CLASSES and SIZE to CLASS_MAP: a PNG of one byte per pixel, of the size of the sent picture."""

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        maps, sizes = (pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in ("CLASSES", "SIZE"))
        files = [[self.png(*each)] for each in zip(maps, sizes)]
        return pb_utils.InferenceResponse([pb_utils.Tensor("CLASS_MAP", np.array(files, np.object_))])

    def png(self, classes, size):
        file = io.BytesIO()
        picture = Image.fromarray(np.ascontiguousarray(classes))
        picture.resize([int(side) for side in size], Image.Resampling.NEAREST).save(file, "PNG")
        return file.getvalue()
'''

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
