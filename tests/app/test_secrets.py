"""Settings from AWS Secrets Manager: a server of it on loopback."""

import json
import subprocess
import sys

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError
from sqlalchemy import make_url

from app.secrets import SecretsProblem
from app.settings import Settings
from tests.app.commands import coherence
from tests.conftest import ENVIRONMENT, KEY

SECRET = "marker-of-a-secret"


@pytest.fixture(scope="module")
def aws():
    """Environment variables by which boto3 finds it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server.stop()


@pytest.fixture
def keep(aws, monkeypatch, tmp_path, request):
    """Keeps a secret, and names it in the environment."""
    monkeypatch.chdir(tmp_path)
    for name, value in aws.items():
        monkeypatch.setenv(name, value)

    def keep(content, kind="SecretString"):
        name = f"coherence/{request.node.name}"
        content = content if isinstance(content, str | bytes) else json.dumps(content)
        boto3.client("secretsmanager").create_secret(Name=name, **{kind: content})
        monkeypatch.setenv("COHERENCE_SECRETS", f"aws:{name}")

    return keep


def refused():
    with pytest.raises(SecretsProblem) as refusal:
        Settings()
    assert SECRET not in str(refusal.value)
    assert "COHERENCE_SECRETS" in str(refusal.value)
    return str(refusal.value)


def test_a_secret_gives_settings_and_the_environment_comes_first(keep, monkeypatch, tmp_path):
    keep(
        {
            "COHERENCE_DATABASE_URL": "postgresql://u:p@h/d",
            "COHERENCE_DATABASE_READ_URL": "postgresql://u:p@r/d",
            "PGCRYPTO_KEY": SECRET,
            "COHERENCE_OIDC_CLIENT_SECRET": SECRET,
            "COHERENCE_REDIS_URL": "redis://:p@h/0",
            "DEFAULT_WINDOWS": "5m, 1h",
            "COHERENCE_MAX_COST": "5",
            "COHERENCE_POOL_SIZE": "7",
            "KAFKA_BOOTSTRAP": "",
        }
    )
    monkeypatch.setenv("COHERENCE_MAX_COST", "6")
    (tmp_path / ".env").write_text("COHERENCE_POOL_SIZE=8\n")
    settings = Settings()
    assert settings.database_url.get_secret_value() == "postgresql://u:p@h/d"
    assert settings.database_read_url.get_secret_value() == "postgresql://u:p@r/d"
    assert settings.pgcrypto_key.get_secret_value() == SECRET
    assert settings.oidc_client_secret.get_secret_value() == SECRET
    assert settings.redis_url.get_secret_value() == "redis://:p@h/0"
    assert [float(window) for window in settings.default_windows] == [300, 3_600]
    assert (settings.max_cost, settings.pool_size, settings.kafka_bootstrap) == (6, 8, None)
    assert SECRET not in repr(settings)
    assert Settings(PGCRYPTO_KEY="given").pgcrypto_key.get_secret_value() == "given"


def test_a_dot_env_file_may_name_the_secret(keep, monkeypatch, tmp_path):
    keep({"PORT": "9000"})
    (tmp_path / ".env").write_text(
        "COHERENCE_SECRETS=aws:coherence/test_a_dot_env_file_may_name_the_secret\n"
    )
    monkeypatch.delenv("COHERENCE_SECRETS")
    assert Settings().port == 9_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f'{{"PGCRYPTO_KEY": "{SECRET}"', "no JSON object"),
        ([SECRET], "no JSON object"),
        (SECRET, "no JSON object"),
        ({"PGCRYPTO_KEY": SECRET, "PGCRYPTO_KEE": SECRET}, "'PGCRYPTO_KEE', which is no setting"),
        ({"pgcrypto_key": SECRET}, "'pgcrypto_key', which is no setting"),
        ({"COHERENCE_SECRETS": f"aws:{SECRET}"}, "'COHERENCE_SECRETS', which is no setting"),
        ({"PGCRYPTO_KEY": [SECRET]}, "PGCRYPTO_KEY is no text"),
    ],
    ids=range(7),
)
def test_a_secret_at_fault_is_told_without_a_value(keep, content, says):
    keep(content)
    assert says in refused()


RDS = {
    "username": "app@x",
    "password": f"{SECRET}/:@ ü%",
    "engine": "postgres",
    "host": "db.example",
    "port": 5433,
    "dbname": "coherence",
    "dbInstanceIdentifier": "db-1",
}


@pytest.mark.parametrize(
    ("change", "port", "name"),
    [
        ({}, 5_433, "coherence"),
        ({"port": "5434"}, 5_434, "coherence"),
        ({"port": None, "dbname": None}, 5_432, "postgres"),
        ({"engine": "aurora-postgresql", "dbClusterIdentifier": "c"}, 5_433, "coherence"),
        ({"masterarn": "arn:aws:secretsmanager:eu-central-1:1:secret:master"}, 5_433, "coherence"),
    ],
)
def test_credentials_of_rds_are_taken_as_aws_keeps_them(keep, change, port, name):
    given = {key: value for key, value in (RDS | change).items() if value is not None}
    keep(given | {"PGCRYPTO_KEY": SECRET})
    settings = Settings()
    url = make_url(settings.database_url.get_secret_value())
    assert (url.username, url.password, url.host) == (RDS["username"], RDS["password"], RDS["host"])
    assert (url.port, url.database) == (port, name)
    assert settings.pgcrypto_key.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"host": None}, "has no host"),
        ({"password": ""}, "has no password"),
        ({"engine": "mysql"}, "engine 'mysql'"),
        ({"port": "many"}, "port"),
        ({"port": 70_000}, "port"),
        ({"dbname": ["a"]}, "dbname"),
        ({"COHERENCE_DATABASE_URL": "postgresql://h/d"}, "both COHERENCE_DATABASE_URL and username"),
        ({"hots": "h"}, "'hots', which is no setting"),
    ],
    ids=range(8),
)
def test_credentials_of_rds_at_fault_are_told_without_a_value(keep, change, says):
    keep({key: value for key, value in (RDS | change).items() if value is not None})
    assert says in refused()


def test_a_value_at_fault_is_not_shown(keep):
    keep({"PORT": SECRET})
    with pytest.raises(ValidationError, match="PORT") as refusal:
        Settings()
    assert SECRET not in str(refusal.value)


def test_a_secret_of_bytes_is_none(keep):
    keep(SECRET.encode(), "SecretBinary")
    assert "no JSON object" in refused()


@pytest.mark.usefixtures("keep")
def test_a_secret_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv("COHERENCE_SECRETS", "aws:none")
    assert "'none' cannot be read: ResourceNotFoundException." in refused()


@pytest.mark.parametrize("value", ["aws:", "none", "vault:name"])
def test_a_name_of_another_form_is_refused(monkeypatch, value):
    monkeypatch.setenv("COHERENCE_SECRETS", value)
    assert "it takes aws:NAME" in refused()


@pytest.mark.usefixtures("keep")
def test_what_boto3_misses_is_told(monkeypatch):
    monkeypatch.setenv("COHERENCE_SECRETS", "aws:none")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "region" in refused()


@pytest.mark.usefixtures("keep")
def test_without_the_extra_one_is_told_to_install_it(monkeypatch):
    monkeypatch.setenv("COHERENCE_SECRETS", "aws:none")
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert "pip install '.[aws]'" in refused()


def test_nothing_of_aws_is_loaded_where_no_secret_is_named(tmp_path):
    code = "import sys, app.settings; app.settings.Settings(); print('boto3' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
    )
    assert shown.stdout == "False\n"


def test_commands_read_it(keep, aws, url, tmp_path):
    def run(name):
        given = {**ENVIRONMENT, **aws, "COHERENCE_SECRETS": f"aws:{name}"}
        return coherence("keys", "create", "loader", "--scope", "ingest", environment=given, folder=tmp_path)

    keep({"COHERENCE_DATABASE_URL": url, "PGCRYPTO_KEY": KEY})
    made = run("coherence/test_commands_read_it")
    assert made.returncode == 0, made.stderr
    assert "coh_" in made.stdout
    failed = run("none")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == (
        "COHERENCE_SECRETS: the secret 'none' cannot be read: ResourceNotFoundException.\n"
    )
