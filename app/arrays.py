"""JSON of values that hold numpy's arrays."""

import numpy as np
import orjson


def to_json(value: object) -> bytes:
    """Return `value` as JSON, NaN as null, however its arrays lie in memory."""
    return orjson.dumps(value, default=_written, option=orjson.OPT_NON_STR_KEYS)


def _written(value: object) -> orjson.Fragment:
    """Lay `value` out as orjson wants it, which refuses views with strides and foreign byte orders."""
    if not isinstance(value, np.ndarray):
        raise TypeError
    plain = np.require(value, value.dtype.newbyteorder("="), "C")
    return orjson.Fragment(orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY))
