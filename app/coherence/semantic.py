"""How far what is said moves from one window to the next (metrics.md, "Semantic drift")."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.coherence.windows import Floats, Ints

_NOWHERE: Final = 1e-6
"""Length of a mean below which it points nowhere: that of vectors in single precision that cancel out."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """Embeddings by cell: `k` cells that have any, in vectors of `width` numbers."""

    index: Ints
    """Shape (k,), strictly increasing."""
    total: Floats
    """Their sums, shape (k, width)."""


def semantic_drift(meanings: Meanings, windows: Ints, m: int) -> Floats:
    """Of each of the `windows` of `m` cells, by their first cell and in order, the cosine distance of its mean embedding
    from that of the window before in the list, 0 to 2; NaN for the first, and where either has none. Shape (k,).
    """
    running = np.concatenate((np.zeros((1, meanings.total.shape[1])), meanings.total.cumsum(axis=0)))
    first = meanings.index.searchsorted(windows)
    end = meanings.index.searchsorted(windows + m)
    total = running[end] - running[first]
    lengths = np.linalg.norm(total, axis=1)
    lengths[(lengths < _NOWHERE) | (first == end)] = np.nan
    directions = total / lengths[:, None]
    distance = np.full(len(windows), np.nan)
    distance[1:] = 1 - np.einsum("ij,ij->i", directions[1:], directions[:-1])
    return distance.clip(0, 2)
