"""Everything that this package raises.

* SightlineError
  x ImageError (ValueError)              the picture cannot be read or has a wrong shape; nothing was sent
  x ConnectionFailed (ConnectionError)   no inference server answered: address, TLS, DNS, a lost connection
  x RequestTimeout (TimeoutError)        no answer within `timeout` seconds
  x ModelNotFound (LookupError)          the server has no such model or version
  x ModelNotReady                        loading, restarting, or its queue is full: try again later
  x InvalidRequest (ValueError)          the request is wrong; refused before sending or by the server
  x InferenceFailed                      the model raised, or its answer is not what its task promises
  x IndexUnusable (ValueError)           the file of an index cannot be read or written, or is none

The built-in class in brackets is a base too, so `except TimeoutError` also catches a `RequestTimeout`.
"""

from __future__ import annotations


class SightlineError(Exception):
    """Base class of every error of this package.

    Attributes:
        model: Name of the model that was asked, or None where no model was involved.
        status: What the server said: an HTTP status such as "404" or a gRPC code such as "NOT_FOUND".
            None where the server said nothing.
        is_safe_to_repeat: Whether the same request may be sent again without being done twice: nobody listened, or
            the server said that it did not take it. The client did so `retries` times before it raised this.
        retry_after_s: Seconds that the server asked to wait before that; None where it named none.

    Example:
        ```python
        try:
            client.classify("digit.png", model="cnn")
        except SightlineError as error:
            print(error.model, error.status, error)
        ```
    """

    def __init__(
        self,
        message: str,
        *,
        model: str | None = None,
        status: str | None = None,
        is_safe_to_repeat: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.model = model
        self.status = status
        self.is_safe_to_repeat = is_safe_to_repeat
        self.retry_after_s = retry_after_s


class ImageError(SightlineError, ValueError):
    """The picture cannot be read or fetched, is empty, or has a wrong type or shape. Nothing was sent.

    A host of pictures that is slow or away belongs here too: the inference server has nothing to do with it.
    """


class ConnectionFailed(SightlineError, ConnectionError):
    """No inference server answered: wrong address, no listener, TLS, DNS, or the connection was lost."""


class RequestTimeout(SightlineError, TimeoutError):
    """No answer came within `timeout` seconds. The server may still be working on the request."""


class ModelNotFound(SightlineError, LookupError):
    """The server has no model, or no version of it, with this name."""


class ModelNotReady(SightlineError):
    """The model is loading or being restarted, or its queue is full. The same request may pass later."""


class InvalidRequest(SightlineError, ValueError):
    """The request is wrong: refused here before sending, or by the server (a picture it cannot decode, too)."""


class InferenceFailed(SightlineError):
    """The model raised while working on the request, or its answer is not what its task promises."""


class IndexUnusable(SightlineError, ValueError):
    """The file of an index cannot be read or written, is damaged, or is something else."""
