"""Which calls to a store are repeated."""

import re
from pathlib import Path

import mlflow
import pytest
import requests

from sweeps.tracking.retry import REPEATABLE, RetryingClient, StoreUnavailableError

ROOT = Path(__file__).parents[3]
URI = "http://store.invalid"
# Handled where they are called; retry.py says where.
NOT_REPEATABLE = {"create_experiment", "create_logged_model", "create_run", "delete_tag", "log_outputs"}
# Called by the outbox only, which finds out by itself what has been carried out.
OF_OUTBOX = {"delete_logged_model", "finalize_logged_model", "log_inputs", "log_model_artifacts"}


class AnswerLost:
    """A client that carries out every call, and loses the first answers."""

    def __init__(self, losses=1):
        self.losses, self.calls = losses, []

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append((name, *arguments))
            if len(self.calls) <= self.losses:
                raise requests.ConnectionError("Connection aborted")
            return "answer"

        return call


def test_what_is_safe_to_repeat_is_repeated():
    client = AnswerLost()
    assert RetryingClient(client, URI, 5).get_run("1") == "answer"
    assert client.calls == [("get_run", "1")] * 2


@pytest.mark.parametrize("name", [*sorted(NOT_REPEATABLE), "some_method_of_a_later_version"])
def test_what_is_not_known_to_be_safe_is_called_once(name):
    client = AnswerLost()
    with pytest.raises(StoreUnavailableError, match="Connection aborted"):
        getattr(RetryingClient(client, URI, 5), name)()
    assert client.calls == [(name,)]


def test_both_lists_name_methods_of_mlflow():
    assert not REPEATABLE & NOT_REPEATABLE
    missing = [name for name in (*REPEATABLE, *NOT_REPEATABLE) if not callable(getattr(mlflow.MlflowClient, name, 0))]
    assert missing == []


def test_every_call_of_the_client_is_on_one_of_the_lists():
    sources = "\n".join(path.read_text() for path in [*ROOT.glob("*.py"), *ROOT.glob("sweeps/**/*.py")])
    called = {name for name in re.findall(r"client\.(\w+)\(", sources) if hasattr(mlflow.MlflowClient, name)}
    assert {"get_run", "log_batch", "create_run"} <= called
    assert called - REPEATABLE - NOT_REPEATABLE == OF_OUTBOX
