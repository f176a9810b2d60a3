"""Settings that are kept in AWS Secrets Manager: a JSON object whose keys are names of settings, or a database's
credentials as AWS itself keeps and rotates them.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic_settings import AWSSecretsManagerSettingsSource, BaseSettings, PydanticBaseSettingsSource
from sqlalchemy import URL

VARIABLE: Final = "COHERENCE_SECRETS"
_AWS: Final = "aws:"

_DATABASE: Final = "COHERENCE_DATABASE_URL"
_ENGINES: Final = frozenset({"postgres", "aurora-postgresql"})
_CREDENTIALS: Final = ("host", "username", "password")
"""Of a database: what its secret must have to be of use here."""
_OF_RDS: Final = frozenset(
    {*_CREDENTIALS, "port", "dbname", "engine", "dbInstanceIdentifier", "dbClusterIdentifier", "masterarn"}
)
"""Every key that AWS writes into the secret of a database at RDS or Aurora."""


class SecretsProblem(RuntimeError):
    """The secret cannot be read, or is not what it has to be. Says so without any value."""


def source(kind: type[BaseSettings], given: str) -> PydanticBaseSettingsSource:
    """Of `aws:NAME`. Region, credentials and AWS_ENDPOINT_URL are where boto3 looks for them. Raises SecretsProblem."""
    if not given.startswith(_AWS) or given == _AWS:
        raise SecretsProblem(f"{VARIABLE} is {given!r}; it takes aws:NAME.")
    try:
        import boto3  # noqa: F401 - what the source uses
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise SecretsProblem(
            f"{VARIABLE} names a secret at AWS, which needs boto3: pip install '.[aws]'."
        ) from None
    name = given.removeprefix(_AWS)
    try:
        return _AWSSource(kind, name)
    except ClientError as error:
        raise SecretsProblem(_unreadable(name, error.response["Error"]["Code"])) from None
    except BotoCoreError as error:
        raise SecretsProblem(_unreadable(name, str(error).rstrip("."))) from None


def _unreadable(name: str, cause: str) -> str:
    return f"{VARIABLE}: the secret {name!r} cannot be read: {cause}."


class _AWSSource(AWSSecretsManagerSettingsSource):
    """pydantic-settings' own, which takes whatever it finds, and fails in words that may show it."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        answer = self._secretsmanager_client.get_secret_value(SecretId=self._secret_id)
        return _checked(self._secret_id, answer.get("SecretString"), self.settings_cls)


def _checked(name: str, text: str | None, kind: type[BaseSettings]) -> Mapping[str, str | None]:
    place = f"{VARIABLE}: the secret {name!r}"
    try:
        values: Any = json.loads(text or "")
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise SecretsProblem(f"{place} holds no JSON object of settings by their names.")
    if {"username", "password"} <= values.keys():
        url = _database_url(place, values)
        values = {key: value for key, value in values.items() if key not in _OF_RDS}
        if _DATABASE in values:
            raise SecretsProblem(
                f"{place} has both {_DATABASE} and username, password and host: leave one out."
            )
        values[_DATABASE] = url
    known = {field.alias for field in kind.model_fields.values()} - {VARIABLE}
    for key, value in values.items():
        if key not in known:
            raise SecretsProblem(f"{place} has {key[:80]!r}, which is no setting that it may give.")
        if not isinstance(value, str):
            raise SecretsProblem(f"{place}: {key} is no text.")
    return {key: value for key, value in values.items() if value}


def _database_url(place: str, values: Mapping[str, Any]) -> str:
    """Return the URL of the database whose credentials AWS keeps. Raises SecretsProblem."""
    engine = values.get("engine", "postgres")
    if engine not in _ENGINES:
        raise SecretsProblem(
            f"{place} is of the engine {str(engine)[:40]!r}; it takes {' or '.join(sorted(_ENGINES))}."
        )
    for key in _CREDENTIALS:
        if not isinstance(values.get(key), str) or not values[key]:
            raise SecretsProblem(
                f"{place} has no {key}: credentials of a database need {', '.join(_CREDENTIALS)}, and may have port and"
                " dbname."
            )
    name = values.get("dbname") or "postgres"  # as AWS's own rotation takes it
    port = values.get("port") or 5432
    if not isinstance(name, str) or not str(port).isdecimal() or not 0 < int(port) < 65_536:
        raise SecretsProblem(f"{place}: its {'port' if isinstance(name, str) else 'dbname'} is none.")
    url = URL.create(
        "postgresql", values["username"], values["password"], values["host"], int(port), database=name
    )
    return url.render_as_string(hide_password=False)
