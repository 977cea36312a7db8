"""Skeleton layouts: order of joints, mirrored joints, edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pose.errors import DataError

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A layout of joints.

    Args:
        name: as in `Clip.skeleton`.
        joints: names in order; left and right spelt out.
        edges: pairs of joint indices to draw, and to measure the body by.

    Example:
        >>> layout = Skeleton("arm", ("neck", "left_wrist", "right_wrist"), edges=((0, 1), (0, 2)))
        >>> layout.num_joints, layout.mirror, layout.find("right_wrist", "nose")
        (3, (0, 2, 1), (2,))
    """

    name: str
    joints: tuple[str, ...]
    edges: tuple[Edge, ...] = ()

    @property
    def num_joints(self) -> int:
        """Number of joints, V."""
        return len(self.joints)

    @property
    def mirror(self) -> tuple[int, ...]:
        """For each joint the index of its mirror image; a joint on the middle line is its own."""
        return tuple(self.joints.index(_swap_side(joint)) for joint in self.joints)

    def find(self, *names: str) -> tuple[int, ...]:
        """Return the indices of those of `names` that this layout has."""
        return tuple(self.joints.index(name) for name in names if name in self.joints)


def _swap_side(joint: str) -> str:
    for side, other in (("left_", "right_"), ("right_", "left_")):
        if joint.startswith(side):
            return other + joint.removeprefix(side)
    return joint


def _skeleton(name: str, joints: str, edges: str) -> Skeleton:
    names = tuple(joints.split())
    pairs = (edge.split("-") for edge in edges.split())
    return Skeleton(name, names, tuple((names.index(a), names.index(b)) for a, b in pairs))


_COCO_LIMBS = (
    "left_ankle-left_knee left_knee-left_hip right_ankle-right_knee right_knee-right_hip "
    "left_shoulder-left_elbow right_shoulder-right_elbow left_elbow-left_wrist right_elbow-right_wrist "
    "nose-left_eye nose-right_eye left_eye-left_ear right_eye-right_ear"
)
_COCO_TRUNK = "left_hip-right_hip left_shoulder-left_hip right_shoulder-right_hip left_shoulder-right_shoulder"
_NECK_TRUNK = "nose-neck neck-left_shoulder neck-right_shoulder neck-left_hip neck-right_hip"
_COCO_JOINTS = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow "
    "left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
)

# Orders as the tools document them: COCO data format; OpenPose doc/02_output.md; AlphaPose docs/output.md
# (its 18th joint is the neck; the 26 of Halpe); AI-Hub data set 62, MPII order as in Andriluka et al., CVPR 2014.
_LAYOUTS = {
    skeleton.name: skeleton
    for skeleton in (
        _skeleton("coco17", _COCO_JOINTS, f"{_COCO_LIMBS} {_COCO_TRUNK}"),
        _skeleton("alphapose18", f"{_COCO_JOINTS} neck", f"{_COCO_LIMBS} {_NECK_TRUNK}"),
        _skeleton(
            "halpe26",
            f"{_COCO_JOINTS} head neck hip left_big_toe right_big_toe left_small_toe right_small_toe left_heel "
            "right_heel",
            f"{_COCO_LIMBS} head-neck neck-left_shoulder neck-right_shoulder neck-hip hip-left_hip hip-right_hip "
            "left_ankle-left_heel left_ankle-left_big_toe left_ankle-left_small_toe right_ankle-right_heel "
            "right_ankle-right_big_toe right_ankle-right_small_toe",
        ),
        _skeleton(
            "openpose18",
            "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist right_hip "
            "right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear",
            f"{_COCO_LIMBS} {_NECK_TRUNK}",
        ),
        _skeleton(
            "body25",
            "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist mid_hip right_hip "
            "right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear left_big_toe "
            "left_small_toe left_heel right_big_toe right_small_toe right_heel",
            f"{_COCO_LIMBS} nose-neck neck-left_shoulder neck-right_shoulder neck-mid_hip mid_hip-left_hip "
            "mid_hip-right_hip left_ankle-left_heel left_ankle-left_big_toe left_big_toe-left_small_toe "
            "right_ankle-right_heel right_ankle-right_big_toe right_big_toe-right_small_toe",
        ),
        _skeleton(
            "aihub16",
            "right_ankle right_knee right_hip left_hip left_knee left_ankle pelvis thorax neck head_top right_wrist "
            "right_elbow right_shoulder left_shoulder left_elbow left_wrist",
            "right_ankle-right_knee right_knee-right_hip right_hip-pelvis pelvis-left_hip left_hip-left_knee "
            "left_knee-left_ankle pelvis-thorax thorax-neck neck-head_top thorax-right_shoulder "
            "right_shoulder-right_elbow right_elbow-right_wrist thorax-left_shoulder left_shoulder-left_elbow "
            "left_elbow-left_wrist",
        ),
    )
}
NAMES = tuple(_LAYOUTS)


@cache
def get_skeleton(name: str) -> Skeleton:
    """Return the layout called `name`, or for "custom-V" one of V joints without names, sides and edges.

    Raises:
        DataError: no layout has that name.

    Example:
        >>> get_skeleton("coco17").joints[:3]
        ('nose', 'left_eye', 'right_eye')
        >>> get_skeleton("custom-4").num_joints
        4
    """
    if name in _LAYOUTS:
        return _LAYOUTS[name]
    kind, _, count = name.partition("-")
    if kind == "custom" and count.isdigit() and int(count) > 0:
        return Skeleton(name, tuple(f"joint_{i}" for i in range(int(count))))
    raise DataError(f"unknown skeleton '{name}': use one of {', '.join(NAMES)}, or custom-V for V joints")


def guess_skeleton(num_joints: int) -> str:
    """Return the most likely layout of files with `num_joints` joints that do not name one.

    Example:
        >>> guess_skeleton(25), guess_skeleton(14)
        ('body25', 'custom-14')
    """
    return {17: "coco17", 25: "body25", 16: "aihub16"}.get(num_joints, f"custom-{num_joints}")
