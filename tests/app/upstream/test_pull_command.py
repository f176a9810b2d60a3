# ruff: noqa: ASYNC220 - what is tested is another process
"""`coherence pull` and `coherence rolling show` as a user runs them."""

import asyncio
import csv
import json
import signal
import subprocess

import pytest

from tests.app.signals.test_import_command import COMMAND, coherence, environment
from tests.app.upstream.upstream import KEY, Reply, book, row, serving
from tests.conftest import ENVIRONMENT

UNTIL = "2026-01-31T12:40:00.000000Z"
QUERY = """
query ($at: DateTime, $window: Duration!) {
  conversation(by: {contextWindowId: "darshan:x"}) { contextWindowId metrics(window: $window, at: $at) {
    coherenceMean volatilityIndex predictedDriftRisk timestamp windowSec n
    inputs { startTs endTs source asOf materializedThrough } meta { method engineVersion latencyMs } } } }
"""


@pytest.fixture
def given(url, tmp_path):
    return ENVIRONMENT | {
        "COHERENCE_DATABASE_URL": url,
        "COHERENCE_DATA_DIR": str(tmp_path / "data"),
        "DARSHAN_API_KEY": KEY,
        "MAX_RETRIES": "1",
        "RETRY_BACKOFF_S": "0.001",
    }


async def run(*arguments, **given):
    """Beside the server, which is in this process. `stderr` is without the log, whose lines are `log`."""
    done = await asyncio.to_thread(coherence, *arguments, **given)
    lines = done.stderr.splitlines(keepends=True)
    done.log = [json.loads(line) for line in lines if line.startswith("{")]
    done.stderr = "".join(line for line in lines if not line.startswith("{"))
    return done


async def test_it_says_what_it_did_and_the_status_says_whether_all_is_well(given, pg):
    with serving(book([row(0, 90), row(1, 70), row(1, 10)])) as server:
        given["DARSHAN_BASE_URL"] = server.address
        done = await run("pull", "--until", UNTIL, **given)
        assert (done.returncode, done.stderr) == (0, "")
        (line,) = [line for line in done.log if line["event"] == "pull"]
        assert {headers["X-Request-Id"] for _, _, headers in server.requests} == {line["request_id"]}
        counts = {"pages": 2, "read": 3, "stored": 2, "duplicates": 1, "refused": 0, "outcome": "OK"}
        assert line == line | counts
        assert done.stdout.splitlines() == [
            "3 rows read on 2 pages: 2 stored, 1 duplicates, 0 refused.",
            "darshan:darshan: mean 80.00, volatility 0.1414, risk MEDIUM (2 signals in 1h until 2026-01-31T12:40:00.000000Z)",
        ]
        server.answer = book([row(2), row(3, 101, signal="\x1b[2J"), row(4, signal="\x1b[2J")])
        done = await run("pull", "--since", "2026-01-31T12:00:00Z", **given)
        assert done.returncode == 2
        said = "page 1, row 2 is refused: coherenceScore is 101.0; it takes a number from 0 to 100.\n"
        assert done.stderr == said
        assert r"darshan:\x1b[2J: mean -, volatility -, risk -" in done.stdout
        server.answer = lambda *_: Reply({}, 503)
        done = await run("pull", **given)
        assert done.returncode == 1
        assert [line["outcome"] for line in done.log if line["event"] == "pull"] == ["UNAVAILABLE"]
        assert (
            done.stderr.splitlines()[-1]
            == f"{server.address}/signals/summary was asked 2 times: it answers 503."
        )
        done = await run("pull", **given | {"DARSHAN_API_KEY": "wrong-key"})
        assert (done.returncode, "does not take DARSHAN_API_KEY" in done.stderr) == (1, True)
        assert "wrong-key" not in done.stdout + done.stderr
        done = await run("pull", **given | {"COHERENCE_LOG_LEVEL": "debug"})
        assert KEY not in done.stdout + done.stderr
        gone = given | {"COHERENCE_DATABASE_URL": "postgresql:///none?host=/nowhere"}
        assert (await run("pull", **gone)).returncode == 1
    done = await run("pull", **given | {"DARSHAN_BASE_URL": ""})
    assert (done.returncode, "DARSHAN_BASE_URL is not set" in done.stderr) == (1, True)
    assert await pg.fetchval("SELECT count(*) FROM signals") == 4


def test_wrong_words_are_told(given):
    for words in (
        ["--since", "yesterday"],
        ["--window", "5 parsecs"],
        ["--every", "0"],
        ["--every", "5", "--until", UNTIL],
        ["--since", "2026-02-01T00:00:00Z", "--until", UNTIL],
        ["--what"],
    ):
        done = coherence("pull", *words, **given)
        assert done.returncode == 1, words
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("persistence", ["csv", "sqlite"])
async def test_what_is_kept_is_what_the_api_answers(given, client, tmp_path, persistence):
    given |= {"PERSISTENCE": persistence}
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([row(minute * 1.37, minute * 7 % 101, signal="x") for minute in range(40)]))
    given["MOCK_PATH"] = str(path)
    for window in ("10m", "7s", "1h"):
        assert (await run("pull", "--until", UNTIL, "--window", window, **given)).returncode == 0
    shown = await run("rolling", "show", "--json", **given)
    assert (shown.returncode, shown.stderr) == (0, "")
    kept = json.loads(shown.stdout)
    assert [each["windowSec"] for each in kept] == [600, 7, 3_600]
    assert [each["n"] for each in kept] == [8, 0, 30]
    for window, each in zip(("10m", "7s", "1h"), kept, strict=True):
        conversation = (await client.data(QUERY, at=UNTIL, window=window))["conversation"]
        answered = {"contextWindowId": conversation["contextWindowId"]} | conversation["metrics"]
        assert list(answered) == list(each)
        for when in (answered, each):  # what every question has of its own
            assert when["inputs"].pop("asOf").endswith("Z")
            assert when["meta"].pop("latencyMs") > 0
            through = when["inputs"].pop("materializedThrough")
            assert (through is None) == (when["inputs"]["source"] == "raw")
        assert each == answered
    last = json.loads((await run("rolling", "show", "--json", "--limit", "1", **given)).stdout)
    assert [each["windowSec"] for each in last] == [3_600]
    text = (await run("rolling", "show", **given)).stdout.splitlines()
    assert len(text) == 3
    assert (
        text[1]
        == "darshan:x: mean -, volatility -, risk - (0 signals in 7s until 2026-01-31T12:40:00.000000Z)"
    )


async def test_nothing_is_kept_where_that_is_said(given, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([row(0)]))
    given |= {"MOCK_PATH": str(path)}
    empty = await run("rolling", "show", "--json", **given)
    assert (empty.returncode, json.loads(empty.stdout)) == (0, [])
    done = await run("pull", **given | {"PERSISTENCE": "none"})
    assert (done.returncode, done.stdout.count("1 stored")) == (0, 1)
    assert not (tmp_path / "data").exists()
    done = await run("rolling", "show", **given | {"PERSISTENCE": "none"})
    assert (done.returncode, done.stderr) == (
        1,
        "PERSISTENCE is none: nothing is kept that could be shown.\n",
    )
    done = await run("pull", **given | {"PERSISTENCE": "parquet"})
    assert (done.returncode, done.stderr.startswith("PERSISTENCE: ")) == (1, True)


async def test_it_pulls_again_and_again_in_spite_of_failures(given, pg, tmp_path):
    def answer(_, number):
        return Reply({}, 503) if number in {2, 3} else Reply({"items": [row(number)], "next": None})

    with serving(answer) as server:
        given["DARSHAN_BASE_URL"] = server.address
        with subprocess.Popen(
            [*COMMAND, "pull", "--every", "1"],
            env=environment(**given),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            said = [await asyncio.to_thread(process.stdout.readline) for _ in range(4)]
            process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    assert [line.split(":")[0] for line in said] == [
        "1 rows read on 1 pages", "darshan", "0 rows read on 0 pages", "1 rows read on 1 pages",
    ]  # fmt: skip
    assert "was asked 2 times: it answers 503." in errors
    assert "Traceback" not in errors
    assert await pg.fetchval("SELECT count(*) FROM signals") == 2
    lines = (tmp_path / "data" / "rolling_store.csv").read_text().splitlines()
    assert [each["context_window_id"] for each in csv.DictReader(lines)][:1] == ["darshan:darshan"]


async def test_a_killed_pull_is_resumed_and_pulls_at_once_store_each_row_once(given, pg):
    rows = [row(minute / 10, signal=str(minute % 5)) for minute in range(20_000)]
    given |= {"DARSHAN_PAGE_SIZE": "5000", "DARSHAN_OVERLAP_S": "60"}
    count = "SELECT count(*) FROM signals"
    with serving(book(rows, 5_000)) as server:
        given["DARSHAN_BASE_URL"] = server.address
        words = [*COMMAND, "pull", "--until", "2026-03-01T00:00:00Z"]
        with subprocess.Popen(words, env=environment(**given), stdout=subprocess.DEVNULL) as process:
            while not (stored := await pg.fetchval(count)):
                assert process.poll() is None
                await asyncio.sleep(0.001)
            process.kill()
        stored = await pg.fetchval(count)
        assert stored % 5_000 == 0
        done = await asyncio.gather(*(run("pull", **given) for _ in range(2)))
        assert [each.returncode for each in done] == [0, 0]
        assert server.queries()[-1]["since"] > "2026-01-31T20:"
    assert await pg.fetchval(count) == 20_000
    assert (
        await pg.fetchval("SELECT count(*) FROM (SELECT DISTINCT conversation_id, time FROM signals) AS _")
        == 20_000
    )
