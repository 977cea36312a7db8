"""Files of weights: safetensors, and PyTorch's checkpoints, which are read without running anything in them."""

from __future__ import annotations

import json
import re
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pose.errors import DataError
from pose.io.atomic import write_atomically

_VERSIONS = "versions"
_WANTED = re.compile(r"GLOBAL ([^\s]+)")


class _Inert:
    """Stand-in for what official files have beside the weights: numpy's arrays, curves of the training, functions."""

    def __new__(cls, *_: Any) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


# What MMEngine saves beside the weights is made of these. Each is replaced by something that does nothing: they are
# thrown away, and a file that wants anything else is refused.
_IGNORED = (
    "mmengine.logging.history_buffer.HistoryBuffer",
    "builtins.getattr",  # HistoryBuffer's own methods
    "numpy.ndarray",
    "numpy.dtype",
    "_codecs.encode",
    *(f"numpy.{core}.multiarray.{function}" for core in ("core", "_core") for function in ("_reconstruct", "scalar")),
)


def read_weights(path: Path) -> Any:
    """Return the tensors of a file by name, an OrderedDict as of `nn.Module.state_dict`.

    Raises:
        DataError: it cannot be read, holds no weights, or wants to run something.
    """
    if not path.is_file():
        raise DataError(f"no weights at {path}: use official, random or a file")
    return _read_safetensors(path) if path.suffix == ".safetensors" else _read_checkpoint(path)


def write_weights(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors as a .safetensors file, atomically.

    Args:
        path: of the file; its folder exists.
        state: tensors by name. The versions of the modules that a state dict carries go with them, since the libraries
            translate old names by them.

    Example:
        >>> import tempfile
        >>> import torch
        >>> path = Path(tempfile.mkdtemp(), "small.safetensors")
        >>> write_weights(path, torch.nn.Linear(2, 1).state_dict())
        >>> {name: tuple(tensor.shape) for name, tensor in read_weights(path).items()}
        {'bias': (1,), 'weight': (1, 2)}
    """
    from safetensors.torch import save

    versions = json.dumps(getattr(state, "_metadata", None))
    tensors = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in state.items()}
    write_atomically(path, save(tensors, {"format": "pt", _VERSIONS: versions}))


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            state: Any = OrderedDict((name, file.get_tensor(name)) for name in file.keys())  # noqa: SIM118
            versions = json.loads((file.metadata() or {}).get(_VERSIONS, "null"))
    except (SafetensorError, OSError, ValueError) as error:
        raise DataError(f"{path} is not a whole .safetensors file: {error}".splitlines()[0]) from error
    if versions:
        state._metadata = OrderedDict(versions)
    return state


def _read_checkpoint(path: Path) -> Any:
    import torch

    with torch.serialization.safe_globals([(_Inert, name) for name in _IGNORED]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        # A cut or foreign file makes it fail in any way.
        except Exception as error:
            raise DataError(f"{path} is not read: {_reason(error)}") from None
    return _find_state(content, path)


def _reason(error: Exception) -> str:
    match = _WANTED.search(str(error))
    if not match:
        return "it is not a whole checkpoint of PyTorch"
    # The name is the file's, and may hold whatever a terminal obeys.
    wanted = match[1][:100].encode("unicode_escape").decode()
    return f"it wants to run {wanted}; only tensors are read, so convert it to .safetensors where you trust it"


def _find_state(content: Any, path: Path) -> Any:
    """Return the weights in a checkpoint: under `state_dict`, or all of it, where MMEngine puts averaged ones."""
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise DataError(f"{path} holds no weights: there is no state_dict in it")
    import torch

    tensors: Any = OrderedDict(
        (str(name).removeprefix("module."), tensor)
        for name, tensor in state.items()
        if isinstance(tensor, torch.Tensor) and not str(name).startswith("ema_")
    )
    if not tensors:
        raise DataError(f"{path} holds no weights: there is no tensor in its state_dict")
    if hasattr(state, "_metadata"):
        tensors._metadata = state._metadata
    return tensors
