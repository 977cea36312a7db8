"""A narrow HRNet for drawn people, as MMPose reads it: for training by `pose.demo.train`, and for inference."""

default_scope = "mmpose"

# 1.7 m fill about 100 of the 128 pixels; half a head, which is what PCK allows, is then two of the heat map's pixels.
codec = dict(type="MSRAHeatmap", input_size=(96, 128), heatmap_size=(24, 32), sigma=1.5)

model = dict(
    type="TopdownPoseEstimator",
    data_preprocessor=dict(
        type="PoseDataPreprocessor", mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(
        type="HRNet",
        in_channels=3,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block="BASIC", num_blocks=(2,), num_channels=(16,)),
            stage2=dict(num_modules=1, num_branches=2, block="BASIC", num_blocks=(2,) * 2, num_channels=(16, 32)),
            stage3=dict(num_modules=1, num_branches=3, block="BASIC", num_blocks=(2,) * 3, num_channels=(16, 32, 64)),
            stage4=dict(
                num_modules=1, num_branches=4, block="BASIC", num_blocks=(2,) * 4, num_channels=(16, 32, 64, 128)
            ),
        ),
    ),
    head=dict(
        type="HeatmapHead",
        in_channels=16,
        out_channels=17,
        deconv_out_channels=None,
        loss=dict(type="KeypointMSELoss", use_target_weight=True, loss_weight=1000.0),
        decoder=codec,
    ),
    train_cfg=dict(compute_acc=False),  # would turn bfloat16 into numpy
    # No flip, neither here nor in training: mirrored people wear the left sleeve's colour on the right.
    test_cfg=dict(flip_test=False, flip_mode="heatmap", shift_heatmap=False),
)

train_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale", padding=1.25),
    dict(
        type="RandomBBoxTransform",
        shift_factor=0.12,
        shift_prob=0.5,
        scale_factor=(0.8, 1.25),
        rotate_factor=40,
        rotate_prob=0.5,
    ),
    dict(type="TopdownAffine", input_size=codec["input_size"]),
    dict(type="GenerateTarget", encoder=codec),
    dict(type="PackPoseInputs"),
]
test_pipeline = [
    dict(type="LoadImage"),
    dict(type="GetBBoxCenterScale", padding=1.25),
    dict(type="TopdownAffine", input_size=codec["input_size"]),
    dict(type="PackPoseInputs"),
]

# `pose.demo.train` sets data_root.
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="CocoDataset",
        data_root="",
        data_mode="topdown",
        ann_file="annotations.json",
        data_prefix=dict(img="images/"),
        pipeline=train_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=64,
    num_workers=0,
    drop_last=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CocoDataset",
        data_root="",
        data_mode="topdown",
        ann_file="annotations.json",
        data_prefix=dict(img="images/"),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(type="CocoMetric", ann_file="annotations.json")
test_cfg: dict[str, object] = {}

train_cfg = dict(by_epoch=True, max_epochs=8)
optim_wrapper = dict(
    type="BFloat16OptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=0.01),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0),
)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", begin=0, end=8, T_max=8, eta_min=2e-5, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(logger=dict(type="LoggerHook", interval=50), checkpoint=None)
custom_hooks = [dict(type="EMAHook", ema_type="ExpMomentumEMA", momentum=0.002, gamma=300, priority=49)]
randomness = dict(seed=0)
