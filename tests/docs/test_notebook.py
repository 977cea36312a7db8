"""The notebook runs, and uses nothing but the libraries."""

from __future__ import annotations

import json

from tests.docs.pages import NOTEBOOK, code_cells

ENDING = "\nimport sys\nprint('imported:', sorted({'hydra', 'omegaconf', 'mlflow', 'sweeps'} & set(sys.modules)))\n"


def test_it_runs_without_hydra_and_mlflow(start_python) -> None:
    out, err = start_python("\n".join(code_cells()) + ENDING).communicate(timeout=300)
    assert "it was: " in out, err
    assert out.splitlines()[-1] == "imported: []"
    assert "'test/accuracy'" in out


def test_it_is_kept_without_what_a_run_left_in_it() -> None:
    notebook = json.loads(NOTEBOOK.read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
