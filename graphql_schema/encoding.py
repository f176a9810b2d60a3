"""JSON as every transport sends it."""

import json

import orjson


def to_json(data: object) -> str:
    try:
        return orjson.dumps(data).decode()
    except TypeError:  # an integer of more than 64 bits, in a JSON value
        return json.dumps(data, separators=(",", ":"))
