"""The weights that OpenMMLab publishes for a configuration, fetched on first use and kept as .safetensors."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pose.errors import DataError
from pose.weights.addresses import ADDRESSES
from pose.weights.config_files import ConfigFile, library_folder
from pose.weights.fetch import explain_cache_errors, fetch
from pose.weights.files import read_weights, write_weights

# A date looks like a hash of eight digits.
_HASH = re.compile(r"[-_]([0-9a-f]{8})(?=[-_.])")
_DATE = re.compile(r"20[0-9]{2}[01][0-9][0-3][0-9]")


@dataclass(frozen=True, slots=True)
class OfficialWeights:
    """Published weights.

    Args:
        name: what a user calls them.
        url: where they are.
        folder: where they are kept.
    """

    name: str
    url: str
    folder: Path
    seed: None = None

    @classmethod
    def of(cls, config: ConfigFile, folder: Path | None) -> OfficialWeights:
        """Return the weights of a configuration.

        Args:
            config: in a wheel of MMDet or MMPose.
            folder: where weights are kept; None for `default_cache()`.

        Raises:
            DataError: there are none.
        """
        return cls(f"the official weights of {config.name}", find_address(config), folder or default_cache())

    @property
    def identity(self) -> str:
        """The hash that is part of the file's name.

        Raises:
            DataError: the name has none.
        """
        return f"official {find_hash(self.url)}"

    def load(self) -> Any:
        """Return the tensors; missing ones are fetched, and converted once.

        Raises:
            DataError: it cannot be fetched or read, is another file than the name says, or wants to run something.
        """
        return read_weights(self.fetch())

    def fetch(self) -> Path:
        """Fetch missing weights into the folder.

        Returns:
            The file.

        Raises:
            DataError: as `load`, or the folder cannot be written.
        """
        from filelock import FileLock

        original = self.folder / self.url.rpartition("/")[2]
        converted = original.with_suffix(".safetensors")
        if not converted.is_file():
            with explain_cache_errors(self.folder):
                self.folder.mkdir(parents=True, exist_ok=True)
                with FileLock(original.with_suffix(".lock")):
                    if not converted.is_file():
                        self._convert(original, converted)
        return converted

    def _convert(self, original: Path, converted: Path) -> None:
        expected = find_hash(self.url)
        if not original.exists():
            fetch(self.url, original, expected)
        elif not _sha256(original).startswith(expected):  # put there by hand
            raise DataError(
                f"{original} is not the file it should be: its hash is not {expected}, get it from {self.url}"
            )
        write_weights(converted, read_weights(original))
        original.unlink()


def default_cache() -> Path:
    """Return the folder of weights: `action-keypoints` in the user's cache folder, by the XDG base directories."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "action-keypoints"


def find_address(config: ConfigFile) -> str:
    """Return the address of a configuration's published weights.

    Raises:
        DataError: none are published for it.
    """
    if config.name in ADDRESSES:
        return ADDRESSES[config.name]
    if config.library not in ("mmdet", "mmpose"):
        raise DataError(f"there are no official weights for {config.name}: use weights=random or weights=FILE")
    return read_metafiles(config)


def read_metafiles(config: ConfigFile) -> str:
    """Return the same, out of the metafile beside the configuration in the library's wheel.

    Raises:
        DataError: it names none.
    """
    import yaml  # type: ignore[import-untyped]

    root = library_folder(config.library)
    wanted = f"configs/{config.file}"
    for metafile in sorted((root / wanted).parent.glob("*.yml")):
        content = yaml.safe_load(metafile.read_text(encoding="utf-8"))
        models = content.get("Models", []) if isinstance(content, dict) else content
        for model in models:
            if model.get("Config") == wanted and model.get("Weights"):
                return str(model["Weights"])
    raise DataError(f"there are no official weights for {config.name}: use weights=random or weights=FILE")


def find_hash(url: str) -> str:
    """Return the eight hexadecimal digits in a published file's name with which its sha256 begins.

    Raises:
        DataError: it has none, so that what comes could be anything.

    Example:
        >>> find_hash("https://host/hrnet_w32_20200130-047c8118.pth")
        '047c8118'
    """
    digits = [found for found in _HASH.findall(url.rpartition("/")[2]) if not _DATE.fullmatch(found)]
    if not digits:
        raise DataError(f"{url} has no hash in its name: get it yourself and use weights=FILE")
    return str(digits[-1])


def _sha256(path: Path) -> str:
    """Return a file's hash in hexadecimal digits.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path} cannot be read ({reason}): take it away, and it is fetched") from error
