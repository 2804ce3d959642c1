"""Everything that sightline_backend raises on purpose.

BackendError
├── PictureError (ValueError)         the sender's picture can't be used
│   ├── PictureFormatError            it is not a JPEG, PNG, WebP, BMP or GIF file
│   ├── PictureTooLargeError          it holds more pixels than we decode
│   ├── PictureDamagedError           it is truncated or broken
│   └── FaceNotFoundError             it shows no face, and the model is for faces
├── PixelsError (ValueError)          an array is not a picture of the expected shape and type
├── EditError (ValueError)            an edit can't be done as the request asks
├── ClassIdError (ValueError)         a request names a class that the model does not have
├── TextError (ValueError)            a string of a request is not UTF-8
├── ParameterError (ValueError)       a parameter of a model's configuration can't be used
│   └── ModelConfigError              the configuration does not fit the model file
└── ModelError (RuntimeError)         a model failed on a request
    └── PackageMissingError           a package that the model needs is not installed

Every message says what was expected, what came and what to do.
"""


class BackendError(Exception):
    """Base of all errors of this distribution."""


class PictureError(BackendError, ValueError):
    """The bytes of a picture can't be turned into pixels; the fault is the sender's."""


class PictureFormatError(PictureError):
    """The bytes are not a file of one of the accepted formats."""


class PictureTooLargeError(PictureError):
    """The picture's header promises more pixels, or a longer side, than we decode."""


class PictureDamagedError(PictureError):
    """The file is of an accepted format, but truncated or broken."""


class FaceNotFoundError(PictureError):
    """The picture shows no face that can be found, and the model takes nothing else."""


class PixelsError(BackendError, ValueError):
    """An array is not uint8 pixels of the expected shape."""


class ParameterError(BackendError, ValueError):
    """A parameter is missing, unknown or has a value that can't be used."""


class ModelConfigError(ParameterError):
    """A model's configuration asks for something that the model file does not offer."""


class EditError(BackendError, ValueError):
    """A parameter of an edit can't be used, or the result would be too large; the fault is the sender's."""


class ClassIdError(BackendError, ValueError):
    """A request names a class that the model does not have."""


class TextError(BackendError, ValueError):
    """A string of a request is not UTF-8."""


class ModelError(BackendError, RuntimeError):
    """A model failed on a request; unlike all others, not the sender's fault as far as we can tell."""


class PackageMissingError(ModelError):
    """A package that the model needs is not installed where it runs."""
