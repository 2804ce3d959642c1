"""The steps of `sightline export` that decode, draw noise and encode."""

from export.lint.case import Case
from export.lint.edits import edit, remove, rewrite

_PIXELS = ("pixels_rgb_8x8_squash", "digits")

_DECODE = "pixels_rgb_8x8_squash"


CASES = (
    Case(
        "decode-fit-unknown", "a fit that does not exist", "exported", edit(_DECODE, '"squash"', '"stretch"'), _PIXELS
    ),
    Case("decode-fit-crop", "another fit", "exported", edit(_DECODE, '"squash"', '"crop"'), _PIXELS),
    Case(
        "decode-width-zero",
        "width 0",
        "exported",
        edit(
            _DECODE, 'key: "width"\n  value {\n    string_value: "8"', 'key: "width"\n  value {\n    string_value: "0"'
        ),
        _PIXELS,
    ),
    Case(
        "decode-width-negative",
        "width -8",
        "exported",
        edit(
            _DECODE, 'key: "width"\n  value {\n    string_value: "8"', 'key: "width"\n  value {\n    string_value: "-8"'
        ),
        _PIXELS,
    ),
    Case("decode-width-typo", "the key is called widht", "exported", edit(_DECODE, '"width"', '"widht"'), _PIXELS),
    Case(
        "decode-width-against-dims",
        "width 16, dims say 8",
        "exported",
        edit(
            _DECODE, 'key: "width"\n  value {\n    string_value: "8"', 'key: "width"\n  value {\n    string_value: "16"'
        ),
        _PIXELS,
    ),
    Case(
        "decode-height-too-large",
        "a height that nobody needs",
        "exported",
        edit(
            _DECODE,
            'key: "height"\n  value {\n    string_value: "8"',
            'key: "height"\n  value {\n    string_value: "1000000"',
        ),
        _PIXELS,
    ),
    Case(
        "decode-mode-gray",
        "gray pixels, dims say three channels",
        "exported",
        edit(_DECODE, '"rgb"', '"gray"'),
        _PIXELS,
    ),
    Case("decode-mode-unknown", "a mode that does not exist", "exported", edit(_DECODE, '"rgb"', '"bgr"'), _PIXELS),
    Case("decode-mode-in-capitals", "RGB in capitals", "exported", edit(_DECODE, '"rgb"', '"RGB"'), _PIXELS),
    Case(
        "decode-resample-unknown",
        "a resampling that does not exist",
        "exported",
        edit(_DECODE, '"bilinear"', '"linear"'),
        _PIXELS,
    ),
    Case(
        "decode-resample-bicubic", "another resampling", "exported", edit(_DECODE, '"bilinear"', '"bicubic"'), _PIXELS
    ),
    Case(
        "decode-dims-transposed",
        "PIXELS are channels first",
        "exported",
        edit(_DECODE, "dims: 8\n  dims: 8\n  dims: 3", "dims: 3\n  dims: 8\n  dims: 8"),
        _PIXELS,
    ),
    Case(
        "decode-dims-any",
        "PIXELS of any size",
        "exported",
        edit(_DECODE, "dims: 8\n  dims: 8\n  dims: 3", "dims: -1\n  dims: -1\n  dims: 3"),
        _PIXELS,
    ),
    Case("decode-pixels-as-floats", "PIXELS are FP32", "exported", edit(_DECODE, "TYPE_UINT8", "TYPE_FP32"), _PIXELS),
    Case("decode-image-as-uint8", "IMAGE is UINT8", "exported", edit(_DECODE, "TYPE_STRING", "TYPE_UINT8"), _PIXELS),
    Case("decode-image-renamed", "IMAGE is called image", "exported", edit(_DECODE, '"IMAGE"', '"image"'), _PIXELS),
    Case("decode-no-batches", "no batch axis", "exported", edit(_DECODE, "max_batch_size: 8\n", ""), _PIXELS),
    Case(
        "decode-only-parameters",
        "tensors left out: the backend knows them",
        "exported",
        rewrite(
            _DECODE + "/config.pbtxt",
            lambda content: content[: content.index(b"max_batch_size")] + content[content.index(b"instance_group") :],
        ),
        _PIXELS,
    ),
    Case(
        "decode-backend-typo",
        "the backend is called image_decoder",
        "exported",
        edit(_DECODE, '"image_decode"', '"image_decoder"'),
        _PIXELS,
    ),
    Case(
        "decode-no-version",
        "the version folder is missing, as Git leaves empty folders out",
        "exported",
        remove(_DECODE + "/1"),
        _PIXELS,
    ),
    Case(
        "noise-size-zero",
        "noise of no numbers",
        "generator",
        edit("noise_normal_4", 'string_value: "4"', 'string_value: "0"'),
        ("noise_normal_4", "painter"),
    ),
    Case(
        "noise-size-against-dims",
        "five numbers, dims say four",
        "generator",
        edit("noise_normal_4", 'string_value: "4"', 'string_value: "5"'),
        ("noise_normal_4", "painter"),
    ),
    Case(
        "noise-size-missing",
        "the size is missing",
        "generator",
        edit("noise_normal_4", 'key: "size"', 'key: "length"'),
        ("noise_normal_4", "painter"),
    ),
    Case(
        "noise-seed-as-int32",
        "SEED is INT32",
        "generator",
        edit("noise_normal_4", "TYPE_INT64", "TYPE_INT32"),
        ("noise_normal_4", "painter"),
    ),
    Case(
        "encode-four-channels",
        "the encoder takes RGBA",
        "generator",
        edit("png_rgb", "dims: 3", "dims: 4"),
        ("png_rgb", "painter"),
    ),
    Case(
        "encode-fixed-size",
        "the encoder takes 4 x 4",
        "generator",
        edit("png_rgb", "dims: -1\n  dims: -1", "dims: 4\n  dims: 4"),
        ("png_rgb", "painter"),
    ),
    Case(
        "encode-floats",
        "the encoder takes floats",
        "generator",
        edit("png_rgb", "TYPE_UINT8", "TYPE_FP32"),
        ("png_rgb", "painter"),
    ),
)
