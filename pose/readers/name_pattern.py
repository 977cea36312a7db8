"""Subject, camera, recording and label, found in a name by a regular expression."""

from __future__ import annotations

import re

from pose.errors import DataError

# Sample names of NTU RGB+D and NTU RGB+D 120 (Shahroudy et al., CVPR 2016): set-up, camera, performer, replication,
# action. Its three cameras see the same performance at once, so that the camera is no part of the recording.
ID_PATTERNS = {
    "ntu": r"(?P<recording1>S\d{3})(?P<camera>C\d{3})(?P<subject>P\d{3})(?P<recording2>R\d{3}A\d{3})",
    # AI-Hub's videos and folders of pictures, {A}-{k}_{NNN}-C{cc}: the action's number, and the take, which all see.
    "aihub": r"(?P<recording>(?P<label>\d+)-\d+_\d+)-(?P<camera>C\d+)",
}


def compile_pattern(id_pattern: str) -> re.Pattern[str]:
    """Return the preset of that name in `ID_PATTERNS`, or the regular expression itself.

    Raises:
        DataError: it is neither.

    Example:
        >>> sorted(compile_pattern("aihub").groupindex)
        ['camera', 'label', 'recording']
    """
    try:
        return re.compile(ID_PATTERNS.get(id_pattern, id_pattern))
    except re.error as error:
        known = ", ".join(ID_PATTERNS)
        raise DataError(f"`id_pattern`={id_pattern} is neither {known} nor a regular expression: {error}") from None


def find_names(pattern: re.Pattern[str], text: str, source: object) -> dict[str, str | None]:
    """Return the matches of the groups `label`, `subject`, `camera` and `recording` in a name; None for no match.

    Groups `recording1`, `recording2`, ... are joined with the subject to the recording.

    Args:
        pattern: searched anywhere in the name.
        text: the name.
        source: the file, for the message.

    Raises:
        DataError: the pattern does not match.

    Example:
        >>> names = find_names(compile_pattern("ntu"), "S001C002P003R002A043", "ntu60.pkl")
        >>> names["camera"], names["subject"], names["recording"]
        ('C002', 'P003', 'S001R002A043P003')
    """
    match = pattern.search(text)
    if match is None:
        raise DataError(f"{source}: `id_pattern` does not match the name {text}")
    groups = {name: found for name, found in match.groupdict().items() if found is not None}
    parts = [found for name, found in sorted(groups.items()) if re.fullmatch(r"recording\d+", name)]
    joined = "".join([*parts, groups.get("subject", "")]) if parts else None
    names = {name: groups.get(name) for name in ("label", "subject", "camera")}
    return names | {"recording": groups.get("recording", joined)}
