"""What the keys of a run to go on from and of a sweep ask of one another."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from sweeps.config.messages import nearest
from sweeps.errors import ConfigError

# What belongs to the command that is typed now, and not to the run that it resumes.
OF_THIS_COMMAND = ("tracking", "output_dir", "sweep", "progress", "resume", "hydra")


def check_tuned(flat: Mapping[str, Any]) -> None:
    """Refuse tuned keys that the config has not.

    Raises:
        ConfigError: Names the first.
    """
    for key in flat.get("sweep.tuned") or ():
        if key not in flat:
            near = nearest(key, flat)
            advice = f"type 'sweep.tuned=[{near}]'" if near else "type keys that the sweep varies"
            raise ConfigError(f"sweep.tuned=[{key}]: there is no key {key}; {advice}")


def check_resume(flat: Mapping[str, Any], overrides: Sequence[str]) -> None:
    """Refuse to go on with a run and start one anew at once, and changes to one that goes on.

    Args:
        flat: Values by dotted key.
        overrides: What was typed.

    Raises:
        ConfigError: Names the changes, and how to make them in a new run.
    """
    run_id = flat.get("resume")
    if run_id is not None and flat.get("from_run") is not None:
        raise ConfigError(
            "from_run and resume are both set; type one: resume goes on with a run, from_run starts it anew"
        )
    changes = [text for text in overrides if re.split(r"[.=/@]", text.lstrip("+"))[0] not in OF_THIS_COMMAND]
    if run_id is not None and changes:
        raise ConfigError(
            f"resume={run_id}: takes no changes, it goes on as it was; "
            f"for a new run type from_run={run_id} {shlex.join(changes)}"
        )
