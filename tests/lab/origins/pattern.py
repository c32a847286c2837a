# SPDX-License-Identifier: GPL-3.0-or-later
"""Data both ends can make by themselves: a block of a prime length, repeated, so that lost, doubled or
reordered bytes change the checksum."""
import functools
import hashlib
import random

BLOCK_SIZE = 65521


@functools.lru_cache(maxsize=64)
def block(seed):
    return random.Random(seed).randbytes(BLOCK_SIZE)


def pieces(size, seed=0):
    """The bytes, in blocks."""
    data = block(seed)
    while size > 0:
        piece = data if size >= BLOCK_SIZE else data[:size]
        size -= len(piece)
        yield piece


def make(size, seed=0):
    return b"".join(pieces(size, seed))


@functools.lru_cache(maxsize=1024)
def checksum(size, seed=0):
    digest = hashlib.sha256()
    for piece in pieces(size, seed):
        digest.update(piece)
    return digest.hexdigest()
