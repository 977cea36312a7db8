"""Makes the identities of options with official weights, and prints what that imported: [GROUP NAME]..."""

import sys

from tests.pose.openmmlab.options import make

for group, name in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
    make(group, name, weights="official").identity  # noqa: B018 - only whether it imports anything
print([name for name in sys.modules if name.partition(".")[0] in ("torch", "mmpose", "mmdet", "mmcv", "mmengine")])
