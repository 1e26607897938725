"""What the stream compresses, as NumPy arrays (proto/dqnd/v1/moment.proto)."""

from __future__ import annotations

import math
import struct
import zlib

import lz4.block
import numpy as np

from dqnd.v1 import environment_pb2, moment_pb2

LARGEST_SIDE = 8192


class PictureDecoder:
    """Of the pictures of one stream, in order. Raises ValueError at a damaged one."""

    def __init__(self) -> None:
        self._pixels: np.ndarray | None = None  # [height, width] or [height, width, 3]
        self._palette = np.zeros((0, 3), np.uint8)

    def decode(self, picture: moment_pb2.Picture) -> np.ndarray:
        """[height, width, 3] uint8: red, green, blue. Never the same array twice."""
        height, width = picture.height_pixels, picture.width_pixels
        if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
            raise ValueError(f"a picture of {width} x {height} pixels; each side has 1 to {LARGEST_SIDE}")
        indexed = picture.pixel_format == moment_pb2.PIXEL_FORMAT_INDEXED
        shape = (height, width) if indexed else (height, width, 3)
        pixels = np.frombuffer(_decompress(picture.pixels_lz4, math.prod(shape)), np.uint8).reshape(shape)
        if picture.key:
            self._palette = np.frombuffer(picture.palette_rgb, np.uint8).reshape(-1, 3)
        elif self._pixels is None or self._pixels.shape != shape:
            raise ValueError("a picture came that builds on one that did not")
        else:
            pixels = pixels ^ self._pixels
        self._pixels = pixels
        if not indexed:
            return pixels.copy()
        if pixels.max() >= len(self._palette):
            raise ValueError(f"a picture has colour {pixels.max()}, and its palette {len(self._palette)}")
        return self._palette[pixels]


def decode_input(message: moment_pb2.NetworkInput) -> np.ndarray:
    """[stack, height, width, channels], oldest first; uint8 or float32."""
    spec = message.observation
    dtype = np.dtype("u1") if spec.element_type == environment_pb2.ELEMENT_TYPE_UINT8 else np.dtype("<f4")
    shape = (spec.stack, spec.height, spec.width, spec.channels)
    return np.frombuffer(_decompress(message.elements_lz4, math.prod(shape) * dtype.itemsize), dtype).reshape(shape)


def encode_png(picture: np.ndarray) -> bytes:
    """Of [height, width, 3] uint8."""
    height, width, _ = picture.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each begins with its filter: none
    rows[:, 1:] = picture.reshape(height, 3 * width)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits of red, green and blue
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes(), 1))
            + chunk(b"IEND", b""))


def _decompress(block: bytes, size: int) -> bytes:
    if size > 255 * len(block):  # before memory is taken for what cannot be
        raise ValueError(f"{len(block)} compressed bytes cannot hold {size}")
    try:
        content = lz4.block.decompress(block, uncompressed_size=size)
    except lz4.block.LZ4BlockError as error:
        raise ValueError(f"a damaged block: {error}") from error
    if len(content) != size:
        raise ValueError(f"a block holds {len(content)} bytes, not {size}")
    return content
