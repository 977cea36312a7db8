"""Draws the pictures of README and of docs/architecture.md as SVG: `python docs/site_ext/drawings.py` writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[1] / "images"
_WIDTH, _MARGIN, _GAP, _BOX, _STEP = 860, 20, 16, 64, 30
_STYLE = """<style>
text { font-family: -apple-system, "Segoe UI", "DejaVu Sans", Arial, sans-serif; fill: #1c2733; text-anchor: middle }
.name { font-size: 15px; font-weight: 600 } .note { font-size: 12px } .path { font-size: 11px; fill: #33587a }
rect { fill: #f3f7fb; stroke: #6a8caf } .back { fill: #ffffff; stroke: none }
line { stroke: #6a8caf; stroke-width: 1.5 }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0,0 L8,4 L0,8 z" fill="#6a8caf"/></marker></defs>"""


@dataclass(frozen=True)
class Box:
    """One step, or one room.

    Attributes:
        name: In bold.
        note: What it is, in a few words.
        paths: Where it stands in the repository.
    """

    name: str
    note: str
    paths: str = ""


# An arrow points from a room to the one that it imports.
ROOMS: tuple[tuple[Box, ...], ...] = (
    (Box("the commands", "each wires the rooms to do one thing", "train.py extract.py compare.py report.py"),),
    (
        Box("datamodules/", "clips → windows → batches"),
        Box("lightning_modules/", "batches → class scores"),
        Box("hydra_plugins/", "Hydra's launchers and sweepers"),
    ),
    (
        Box("pose/", "pixels → key points → clips"),
        Box("conf/", "every choice, as YAML files"),
        Box("sweeps/", "many runs → one answer"),
    ),
)
_IMPORTS = (((0, 0), (1, 0)), ((0, 0), (1, 1)), ((0, 0), (1, 2)), ((1, 0), (2, 0)), ((1, 2), (2, 2)))

CLIP: tuple[tuple[Box, ...], ...] = (
    (
        Box("videos", "people, joints, tracks", "pose/extraction/pipeline.py"),
        Box("files of other tools", "AlphaPose, OpenPose, PYSKL, AI-Hub", "pose/readers/"),
        Box("simulated people", "the default, no download", "pose/simulator/source.py"),
    ),
    (Box("clips", "one person's track: key points [T, V, C], scores [T, V]", "pose/clip.py"),),
    (Box("frames", "gaps filled, all clips in one tensor [N, V, C]", "datamodules/frames.py"),),
    (
        Box(
            "split",
            "train, val, test: by subject, recording, camera, ...",
            "datamodules/splits.py datamodules/partition.py",
        ),
    ),
    (Box("windows", "a window is the number of its first frame: this is where it is cut", "datamodules/windows.py"),),
    (Box("batches", "key points [B, T, V, C], one gather each", "datamodules/loaders.py"),),
    (Box("normaliser", "features [B, T, F], fitted on the training part", "lightning_modules/normalizers.py"),),
    (Box("network", "logits [B, K]", "lightning_modules/networks.py"),),
    (
        Box("loss and metrics", "while training, and once at the test", "lightning_modules/classifier.py"),
        Box("recognizer", "raw key points → probabilities, to use it", "lightning_modules/recognizer.py"),
    ),
)

JOB: tuple[tuple[Box, ...], ...] = (
    (Box("python train.py -m ...", "what is typed arrives here", "sweeps/entrypoint.py"),),
    (Box("check", "every job is composed and checked before the first starts", "sweeps/config/preflight.py"),),
    (Box("launch", "opens the sweep's own run in MLflow", "hydra_plugins/ sweeps/launch/launch.py"),),
    (Box("plan", "finished jobs are left out, broken ones go on", "sweeps/launch/plan.py sweeps/tracking/cell.py"),),
    (
        Box("on this machine", "a process a job", "sweeps/launch/local/pool.py"),
        Box("on Slurm", "job arrays: this is where a job is started", "sweeps/launch/slurm/driver.py"),
    ),
    (Box("train()", "data, network, training, one look at the test part", "train.py"),),
    (Box("run", "metrics, params, files, status", "sweeps/tracking/run.py"),),
    (Box("outbox", "a write waits here while the server is away", "sweeps/tracking/outbox.py"),),
    (Box("MLflow", "a run a job, under the sweep's run", "sweeps/tracking/store.py"),),
    (
        Box("a row of the table", "best first, by validation", "sweeps/results/table.py"),
        Box("report", "its verdicts", "sweeps/report/page.py sweeps/statistics/verdict.py"),
    ),
)


def drawings() -> dict[str, str]:
    """Draw all of them: SVG by file name."""
    return {
        "rooms.svg": _draw("The rooms; an arrow points to what a room imports", ROOMS, _IMPORTS),
        "clip.svg": _draw("The way of a clip to logits", CLIP, tuple(_downwards(CLIP))),
        "job.svg": _draw("The way of a job from -m to a row of the table", JOB, tuple(_downwards(JOB))),
    }


def paths_drawn() -> set[str]:
    """Collect the paths that the drawings name."""
    return {path for rows in (ROOMS, CLIP, JOB) for row in rows for box in row for path in box.paths.split()}


Place = tuple[int, int]


def _downwards(rows: Sequence[Sequence[Box]]) -> Iterator[tuple[Place, Place]]:
    for number in range(len(rows) - 1):
        for above in range(len(rows[number])):
            yield from (((number, above), (number + 1, below)) for below in range(len(rows[number + 1])))


def _draw(title: str, rows: Sequence[Sequence[Box]], arrows: Sequence[tuple[Place, Place]]) -> str:
    height = 2 * _MARGIN + len(rows) * (_BOX + _STEP) - _STEP
    parts = [_arrow(rows, *arrow) for arrow in arrows]
    parts += [_box(rows, (y, x)) for y, row in enumerate(rows) for x in range(len(row))]
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    back = f'<rect class="back" width="{_WIDTH}" height="{height}"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", _STYLE, back, *parts, "</svg>", ""])


def _frame(rows: Sequence[Sequence[Box]], place: Place) -> tuple[float, float, float]:
    """Find left, top and width of a box."""
    count = len(rows[place[0]])
    width = (_WIDTH - 2 * _MARGIN - (count - 1) * _GAP) / count if count > 1 else 460
    left = _MARGIN + place[1] * (width + _GAP) if count > 1 else (_WIDTH - width) / 2
    return left, _MARGIN + place[0] * (_BOX + _STEP), width


def _box(rows: Sequence[Sequence[Box]], place: Place) -> str:
    box, (left, top, width) = rows[place[0]][place[1]], _frame(rows, place)
    lines = [("name", box.name), ("note", box.note), *([("path", box.paths)] if box.paths else [])]
    first = top + _BOX / 2 + 5 - 9 * (len(lines) - 1)
    texts = [
        f'<text class="{kind}" x="{left + width / 2:g}" y="{first + 18 * number:g}">{escape(line)}</text>'
        for number, (kind, line) in enumerate(lines)
    ]
    return "\n".join([f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{_BOX}" rx="6"/>', *texts])


def _arrow(rows: Sequence[Sequence[Box]], start: Place, end: Place) -> str:
    (left, top, width), (to_left, to_top, to_width) = _frame(rows, start), _frame(rows, end)
    x, to_x = left + width / 2, to_left + to_width / 2
    # A wide box is left, or reached, straight above or below the narrow one.
    if len(rows[start[0]]) == 1:
        x = min(max(to_x, left + 20), left + width - 20)
    if len(rows[end[0]]) == 1:
        to_x = min(max(x, to_left + 20), to_left + to_width - 20)
    return f'<line x1="{x:g}" y1="{top + _BOX:g}" x2="{to_x:g}" y2="{to_top:g}" marker-end="url(#tip)"/>'


if __name__ == "__main__":
    for name, drawing in drawings().items():
        (IMAGES / name).write_text(drawing)
