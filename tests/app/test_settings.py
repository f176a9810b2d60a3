"""Every environment variable: its default, what it takes, and what is said of a bad value."""

import re
from pathlib import Path

import pytest
from limits import parse
from pydantic import SecretStr, ValidationError

from app.settings import Settings
from app.settings.unknown import unknown_settings
from tests.app.commands import coherence
from tests.conftest import ENVIRONMENT

DEFAULTS = {
    "COHERENCE_SECRETS": ("secrets", None),
    "HOST": ("host", "127.0.0.1"),
    "PORT": ("port", 8_002),
    "COHERENCE_DATA_DIR": ("data_dir", Path(".coherence")),
    "COHERENCE_DATABASE_URL": ("database_url", None),
    "COHERENCE_IMPORT_URL": ("import_url", None),
    "PGCRYPTO_KEY": ("pgcrypto_key", None),
    "DEMO": ("demo", True),
    "COHERENCE_AUTH": ("auth", "local"),
    "COHERENCE_INTROSPECTION": ("introspection", "readers"),
    "COHERENCE_SESSION_IDLE_SECONDS": ("session_idle", 86_400),
    "COHERENCE_SESSION_SECONDS": ("session_longest", 1_209_600),
    "COHERENCE_PUBLIC_URL": ("public_url", None),
    "COHERENCE_GOOGLE_CLIENT_ID": ("google_client_id", None),
    "COHERENCE_GOOGLE_CLIENT_SECRET": ("google_client_secret", None),
    "COHERENCE_CLEVER_CLIENT_ID": ("clever_client_id", None),
    "COHERENCE_CLEVER_CLIENT_SECRET": ("clever_client_secret", None),
    "COHERENCE_OIDC_ISSUER": ("oidc_issuer", None),
    "COHERENCE_OIDC_CLIENT_ID": ("oidc_client_id", None),
    "COHERENCE_OIDC_CLIENT_SECRET": ("oidc_client_secret", None),
    "COHERENCE_OIDC_LABEL": ("oidc_label", "OpenID"),
    "COHERENCE_TRUST_NETWORK": ("trust_network", False),
    "COHERENCE_ALLOWED_HOSTS": ("allowed_hosts", ()),
    "COHERENCE_ALLOWED_ORIGINS": ("allowed_origins", ()),
    "DEFAULT_WINDOWS": ("default_windows", (3_600, 86_400)),
    "COHERENCE_CLOCK_SKEW": ("clock_skew", 300),
    "COHERENCE_TRUSTED_DOCUMENTS": ("trusted_documents", None),
    "COHERENCE_TRUSTED_DOCUMENTS_ONLY": ("trusted_documents_only", False),
    "COHERENCE_MAX_DEPTH": ("max_depth", 15),
    "COHERENCE_MAX_ALIASES": ("max_aliases", 200),
    "COHERENCE_MAX_TOKENS": ("max_tokens", 5_000),
    "COHERENCE_MAX_COST": ("max_cost", 100_000),
    "COHERENCE_RATE_COST": ("rate_cost", None),
    "COHERENCE_RATE_SIGNALS": ("rate_signals", None),
    "COHERENCE_RATE_SIGN_INS": ("rate_sign_ins", None),
    "COHERENCE_MAX_BODY": ("max_body", 32_000_000),
    "COHERENCE_POOL_SIZE": ("pool_size", 10),
    "COHERENCE_DIVERSITY_WEIGHT": ("diversity_weight", 0.05),
    "COHERENCE_STABILITY_WEIGHT": ("stability_weight", 0.10),
    "COHERENCE_TREND_WEIGHT": ("trend_weight", 0.05),
    "DARSHAN_BASE_URL": ("darshan_base_url", None),
    "DARSHAN_API_KEY": ("darshan_api_key", None),
    "DARSHAN_TIMEOUT_S": ("darshan_timeout", 10),
    "DARSHAN_PAGE_SIZE": ("darshan_page_size", 1_000),
    "DARSHAN_DEADLINE_S": ("darshan_deadline", 300),
    "DARSHAN_OVERLAP_S": ("darshan_overlap", 3_600),
    "MAX_RETRIES": ("max_retries", 5),
    "RETRY_BACKOFF_S": ("retry_backoff", 0.5),
    "MOCK_PATH": ("mock_path", None),
    "PERSISTENCE": ("persistence", "csv"),
    "KAFKA_BOOTSTRAP": ("kafka_bootstrap", None),
    "KAFKA_CONFIG": ("kafka_config", None),
    "COHERENCE_COACH_TOKENS": ("coach_tokens", 4_000),
    "COHERENCE_LLM_URL": ("llm_url", None),
    "COHERENCE_LLM_MODEL": ("llm_model", None),
    "COHERENCE_LLM_KEY": ("llm_key", None),
    "COHERENCE_LLM_PRICES": ("llm_prices", {}),
    "COHERENCE_LLM_SECONDS": ("llm_seconds", 120),
    "COHERENCE_LLM_STALLED_SECONDS": ("llm_stalled_seconds", 20),
    "COHERENCE_PURGE_AFTER_DAYS": ("purge_after", 30),
    "COHERENCE_LOG_LEVEL": ("log_level", "info"),
}

GIVEN = [
    ("HOST", "::1", "::1"),
    ("HOST", "localhost", "localhost"),
    ("PORT", "0", 0),
    ("PORT", "65535", 65_535),
    ("COHERENCE_DATA_DIR", "/var/lib/x", Path("/var/lib/x")),
    ("COHERENCE_DATABASE_URL", "postgresql://u:p@h/d", SecretStr("postgresql://u:p@h/d")),
    ("PGCRYPTO_KEY", "k", SecretStr("k")),
    ("COHERENCE_AUTH", "Required", "required"),
    ("COHERENCE_INTROSPECTION", "Administrators", "administrators"),
    ("COHERENCE_PUBLIC_URL", "https://c.example/", "https://c.example"),
    ("COHERENCE_OIDC_ISSUER", "http://127.0.0.1:9/a/", "http://127.0.0.1:9/a"),
    ("DEMO", "0", False),
    ("DEMO", "false", False),
    ("DEMO", "no", False),
    ("COHERENCE_ALLOWED_HOSTS", "a.example, b.example ,", ("a.example", "b.example")),
    ("COHERENCE_ALLOWED_ORIGINS", "https://a.example", ("https://a.example",)),
    ("DEFAULT_WINDOWS", "5m, 1h,PT24H", (300, 3_600, 86_400)),
    ("COHERENCE_CLOCK_SKEW", "0", 0),
    ("COHERENCE_TRUSTED_DOCUMENTS_ONLY", "1", True),
    ("COHERENCE_MAX_DEPTH", "20", 20),
    ("COHERENCE_MAX_ALIASES", "0", 0),
    ("COHERENCE_MAX_TOKENS", "100", 100),
    ("COHERENCE_MAX_COST", "5", 5),
    ("COHERENCE_RATE_COST", "5000/minute", parse("5000/minute")),
    ("COHERENCE_RATE_SIGNALS", "7 per 2 hours", parse("7 per 2 hours")),
    ("COHERENCE_RATE_SIGN_INS", "Off", "off"),
    ("COHERENCE_MAX_BODY", "1000", 1_000),
    ("COHERENCE_POOL_SIZE", "1", 1),
    ("COHERENCE_DIVERSITY_WEIGHT", "0", 0),
    ("COHERENCE_STABILITY_WEIGHT", "0.5", 0.5),
    ("COHERENCE_TREND_WEIGHT", "-0.5", -0.5),
    ("DARSHAN_BASE_URL", "https://h.example:8443/api/", "https://h.example:8443/api"),
    ("DARSHAN_BASE_URL", "http://[::1]:9", "http://[::1]:9"),
    ("DARSHAN_API_KEY", "k", SecretStr("k")),
    ("DARSHAN_TIMEOUT_S", "0.5", 0.5),
    ("DARSHAN_PAGE_SIZE", "10000", 10_000),
    ("DARSHAN_DEADLINE_S", "60", 60),
    ("DARSHAN_OVERLAP_S", "0", 0),
    ("MAX_RETRIES", "0", 0),
    ("RETRY_BACKOFF_S", "0.01", 0.01),
    ("MOCK_PATH", "rows.json", Path("rows.json")),
    ("PERSISTENCE", "SQLite", "sqlite"),
    ("KAFKA_BOOTSTRAP", "a:9092,b:9092", "a:9092,b:9092"),
    ("KAFKA_CONFIG", "kafka.properties", Path("kafka.properties")),
    ("COHERENCE_LOG_LEVEL", "debug", "debug"),
    ("COHERENCE_LOG_LEVEL", "WARNING", "warning"),
]

BAD = [
    ("HOST", "0.0.0.0", "COHERENCE_TRUST_NETWORK=1"),  # noqa: S104 - refused
    ("HOST", "::", "loopback"),
    ("HOST", "192.168.1.1", "loopback"),
    ("HOST", "example.com", "loopback"),
    ("COHERENCE_AUTH", "none", "required"),
    ("COHERENCE_SESSION_IDLE_SECONDS", "0", "1"),
    ("COHERENCE_SESSION_SECONDS", "inf", "finite"),
    ("COHERENCE_PUBLIC_URL", "https://c.example/path", "scheme and host alone"),
    ("COHERENCE_PUBLIC_URL", "c.example", "scheme and host alone"),
    ("COHERENCE_OIDC_ISSUER", "http://accounts.example", "https://"),
    ("COHERENCE_OIDC_ISSUER", "accounts.example", "https://"),
    ("PORT", "65536", "65535"),
    ("PORT", "-1", "0"),
    ("PORT", "http", "integer"),
    ("DEMO", "maybe", "boolean"),
    ("DEFAULT_WINDOWS", "5 parsecs", "such as 30s, 5m"),
    ("DEFAULT_WINDOWS", "5m;1h", "such as 30s, 5m"),
    ("COHERENCE_CLOCK_SKEW", "-1", "0"),
    ("COHERENCE_CLOCK_SKEW", "5m", "integer"),
    ("COHERENCE_TRUSTED_DOCUMENTS", "none.json", "none.json cannot be read"),
    ("COHERENCE_MAX_DEPTH", "0", "1"),
    ("COHERENCE_MAX_ALIASES", "-1", "0"),
    ("COHERENCE_MAX_TOKENS", "0", "1"),
    ("COHERENCE_MAX_COST", "-1", "0"),
    ("COHERENCE_RATE_COST", "many", "such as 1000/minute"),
    ("COHERENCE_RATE_SIGNALS", "0/minute", "such as 1000/minute"),
    ("COHERENCE_RATE_SIGN_INS", "5/second; 60/minute", "such as 1000/minute"),
    ("COHERENCE_MAX_BODY", "0", "1"),
    ("COHERENCE_POOL_SIZE", "0", "1"),
    ("COHERENCE_TREND_WEIGHT", "nan", "finite"),
    ("COHERENCE_STABILITY_WEIGHT", "inf", "finite"),
    ("COHERENCE_DIVERSITY_WEIGHT", "much", "number"),
    ("DARSHAN_BASE_URL", "h.example", "such as https://"),
    ("DARSHAN_BASE_URL", "ftp://h.example", "such as https://"),
    ("DARSHAN_BASE_URL", "https://name:word@h.example", "without name and password"),
    ("DARSHAN_BASE_URL", "https://h.example?key=1", "query"),
    ("DARSHAN_BASE_URL", "https://h.example:port", "such as https://"),
    ("DARSHAN_BASE_URL", "https://[h", "such as https://"),
    ("DARSHAN_API_KEY", "k\nHost: x", "printable"),
    ("DARSHAN_API_KEY", "schlüssel", "ASCII"),
    ("DARSHAN_TIMEOUT_S", "0", "0"),
    ("DARSHAN_TIMEOUT_S", "nan", "finite"),
    ("DARSHAN_PAGE_SIZE", "0", "1"),
    ("DARSHAN_PAGE_SIZE", "all", "integer"),
    ("DARSHAN_DEADLINE_S", "inf", "finite"),
    ("DARSHAN_OVERLAP_S", "-1", "0"),
    ("MAX_RETRIES", "-1", "0"),
    ("RETRY_BACKOFF_S", "0", "0"),
    ("PERSISTENCE", "parquet", "sqlite"),
    ("COHERENCE_LOG_LEVEL", "chatty", "warning"),
]


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No variable of ours is set, and no .env is at hand."""
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def test_every_setting_is_a_variable_that_is_described():
    fields = {field.alias: name for name, field in Settings.model_fields.items()}
    assert fields.items() >= {variable: name for variable, (name, _) in DEFAULTS.items()}.items()
    for field in Settings.model_fields.values():
        assert re.fullmatch(r"[A-Z_]+", field.alias)
        assert field.description.endswith(".") or ": " in field.description


def test_defaults():
    settings = Settings()
    assert {name: getattr(settings, name) for name, _ in DEFAULTS.values()} == dict(DEFAULTS.values())


@pytest.mark.parametrize(("variable", "text", "value"), GIVEN)
def test_a_variable_is_read(monkeypatch, variable, text, value):
    monkeypatch.setenv(variable, text)
    assert getattr(Settings(), DEFAULTS[variable][0]) == value


@pytest.mark.parametrize("variable", DEFAULTS)
def test_an_empty_variable_is_none_at_all(monkeypatch, variable):
    name, default = DEFAULTS[variable]
    monkeypatch.setenv(variable, "")
    assert getattr(Settings(), name) == default


@pytest.mark.parametrize(("variable", "text", "says"), BAD)
def test_a_bad_value_is_refused_and_told_what_is_right(monkeypatch, variable, text, says):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    (fault,) = refusal.value.errors()
    assert says in fault["msg"]
    assert variable in (*fault["loc"], *fault["msg"].split())


def test_the_network_is_trusted_where_that_is_said(monkeypatch):
    monkeypatch.setenv("HOST", "0.0.0.0")  # noqa: S104
    monkeypatch.setenv("COHERENCE_TRUST_NETWORK", "1")
    assert Settings().host == "0.0.0.0"  # noqa: S104


def test_another_address_is_bound_where_everyone_signs_in(monkeypatch):
    monkeypatch.setenv("HOST", "0.0.0.0")  # noqa: S104
    monkeypatch.setenv("COHERENCE_AUTH", "required")
    assert Settings().host == "0.0.0.0"  # noqa: S104


def test_a_dot_env_file_is_read_and_the_environment_comes_first(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("PORT=9000\nCOHERENCE_MAX_COST=7\nOF_ANOTHER_PROGRAM=1\n")
    monkeypatch.setenv("PORT", "9001")
    settings = Settings()
    assert (settings.port, settings.max_cost) == (9_001, 7)


def test_secrets_are_not_shown(monkeypatch):
    monkeypatch.setenv("PGCRYPTO_KEY", "marker")
    monkeypatch.setenv("COHERENCE_DATABASE_URL", "postgresql://u:marker@h/d")
    assert "marker" not in repr(Settings())


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        Settings().port = 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("COHERENCE_WORKRES", ": is it COHERENCE_WORKERS?"),
        ("coherence_database_ulr", ": is it COHERENCE_DATABASE_URL?"),
        ("COHERENCE_DATABASEURL", ": is it COHERENCE_DATABASE_URL?"),
        ("COHERENCE_COLOUR_OF_THE_SKY", "."),
    ],
)
def test_a_variable_that_is_no_setting_is_told_with_the_nearest_one(name, said):
    assert list(unknown_settings([name])) == [f"{name} is no setting and has no effect{said}"]


def test_settings_and_others_variables_are_not_told():
    own = [field.alias for field in Settings.model_fields.values()]
    others = ["PATH", "COHERENCE", "COHERENCES_X", "COHERENCE_TEST_TIMESCALE_URL", "coherence_workers"]
    assert list(unknown_settings(own + others)) == []


def test_commands_warn_of_variables_and_lines_of_dot_env(tmp_path):
    (tmp_path / ".env").write_text("COHERENCE_AUHT=required\nCOHERENCE_WORKERS=1\n")
    done = coherence(
        "migrate",
        "nonsense",
        environment=ENVIRONMENT | {"COHERENCE_DATABASE_URLL": "x", "PORT": "-1"},
        folder=tmp_path,
    )
    assert done.stderr.splitlines()[:2] == [
        "Warning: COHERENCE_DATABASE_URLL is no setting and has no effect: is it COHERENCE_DATABASE_URL?",
        "Warning: COHERENCE_AUHT is no setting and has no effect: is it COHERENCE_AUTH?",
    ]
