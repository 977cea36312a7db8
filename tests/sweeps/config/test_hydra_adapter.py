"""What Hydra and OmegaConf do not promise to keep, and `sweeps.config.hydra_adapter` uses all the same."""

from __future__ import annotations

import ast
import importlib
import inspect
from importlib.metadata import version
from pathlib import Path

import pytest

from sweeps.config.hydra_adapter import TESTED

ROOT = Path(__file__).resolve().parents[3]
NOW = ", ".join(f"{name} {version(name)}" for name in TESTED)
BEFORE = ", ".join(f"{name} {tested}" for name, tested in TESTED.items())

# Module, name in it, and what it is called with (None for no function).
PRIVATE = [
    ("hydra._internal.config_loader_impl", "ConfigLoaderImpl", ["config_search_path"]),
    (
        "hydra._internal.config_loader_impl",
        "ConfigLoaderImpl._parse_overrides_and_create_caching_repo",
        ["self", "config_name", "overrides"],
    ),
    (
        "hydra._internal.config_loader_impl",
        "ConfigLoaderImpl.load_configuration",
        ["self", "config_name", "overrides", "run_mode", "from_shell", "validate_sweep_overrides"],
    ),
    (
        "hydra._internal.config_loader_impl",
        "ConfigLoaderImpl.get_group_options",
        ["self", "group_name", "results_filter", "config_name", "overrides"],
    ),
    ("hydra._internal.config_repository", "IConfigRepository.group_exists", ["self", "config_path"]),
    ("hydra._internal.config_repository", "IConfigRepository.load_config", ["self", "config_path"]),
    (
        "hydra._internal.config_repository",
        "IConfigRepository.get_group_options",
        ["self", "group_name", "results_filter"],
    ),
    (
        "hydra._internal.core_plugins.basic_sweeper",
        "BasicSweeper.split_arguments",
        ["overrides", "max_batch_size"],
    ),
    ("hydra._internal.hydra", "Hydra.create_main_hydra2", ["task_name", "config_search_path"]),
    (
        "hydra._internal.hydra",
        "Hydra.run",
        ["self", "config_name", "task_function", "overrides", "with_log_configuration"],
    ),
    (
        "hydra._internal.hydra",
        "Hydra.multirun",
        ["self", "config_name", "task_function", "overrides", "with_log_configuration"],
    ),
    (
        "hydra._internal.utils",
        "_run_hydra",
        ["args", "args_parser", "task_function", "config_path", "config_name", "caller_stack_depth"],
    ),
    ("hydra._internal.utils", "create_config_search_path", ["search_path_dir"]),
    ("hydra._internal.utils", "get_args_parser", []),
    ("hydra._internal.utils", "run_and_report", ["func"]),
    (
        "hydra.core.override_parser.types",
        "Override",
        ["type", "key_or_group", "value_type", "_value", "package", "input_line", "config_loader"],
    ),
    (
        "omegaconf",
        "DictConfig._get_node",
        ["self", "key", "validate_access", "validate_key", "throw_on_missing_value", "throw_on_missing_key"],
    ),
]


@pytest.mark.parametrize(("module", "name", "parameters"), PRIVATE, ids=[name for _, name, _ in PRIVATE])
def test_a_private_name_is_what_it_was(module: str, name: str, parameters: list[str]):
    found: object = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
        assert found is not None, f"{module}.{name} is gone: {NOW} is installed, {BEFORE} was tested"
    now = list(inspect.signature(found).parameters)
    assert now == parameters, f"{module}.{name} takes {now} in {NOW}; {parameters} in {BEFORE}, which was tested"


def test_the_exception_of_a_job_is_kept_where_it_was():
    from hydra.core.utils import JobReturn, JobStatus

    from sweeps.config.hydra_adapter import error_of

    error = ValueError("x")
    result = JobReturn(status=JobStatus.FAILED)
    result.return_value = error
    assert error_of(result) is error, f"JobReturn keeps it elsewhere in {NOW}; {BEFORE} was tested"


def test_nothing_but_the_adapter_uses_what_is_private():
    users = []
    for folder in ("sweeps", "hydra_plugins", "."):
        for path in (ROOT / folder).glob("*.py") if folder == "." else (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                private = [name for name in modules if name.startswith("hydra._internal")]
                if isinstance(node, ast.Attribute) and node.attr in ("_get_node", "_return_value"):
                    private.append(node.attr)
                users += [(path.relative_to(ROOT).as_posix(), name) for name in private]
    assert {path for path, _ in users} == {"sweeps/config/hydra_adapter.py"}
