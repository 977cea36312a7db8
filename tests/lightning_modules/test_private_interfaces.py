"""The private interfaces that this room uses are those of the versions it was tested with; if not, this names them."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import pytest
import torch
from sklearn.svm import SVC

from lightning_modules.private_interfaces import (
    TESTED_WITH,
    onednn_has_bfloat16,
    onednn_has_float16,
    resolved_gamma,
)


def changed(library: str, name: str) -> str:
    return f"{library} {version(library)} has no {name} as {library} {TESTED_WITH[library]} has it"


@pytest.mark.parametrize("name", ["_is_mkldnn_bf16_supported", "_is_mkldnn_fp16_supported"])
def test_onednn_says_which_numbers_it_computes_with(name: str) -> None:
    ask = getattr(torch.ops.mkldnn, name, None)
    assert ask is not None, changed("torch", f"torch.ops.mkldnn.{name}")
    assert str(ask.default._schema) == f"mkldnn::{name}() -> bool _0", changed("torch", f"torch.ops.mkldnn.{name}()")


def test_both_answers_are_truth_values() -> None:
    assert {type(onednn_has_bfloat16()), type(onednn_has_float16())} == {bool}


@pytest.mark.parametrize("gamma", ["scale", "auto", 0.25])
def test_a_fitted_svm_says_its_gamma(gamma: str | float) -> None:
    features = np.random.default_rng(0).normal(0, 2, (20, 4))
    machine = SVC(gamma=gamma).fit(features, np.arange(20) % 2)
    assert hasattr(machine, "_gamma"), changed("scikit-learn", "SVC._gamma")
    expected = {"scale": 1 / (4 * features.var()), "auto": 1 / 4}.get(str(gamma), gamma)
    assert resolved_gamma(machine) == pytest.approx(expected), changed("scikit-learn", "SVC._gamma")
