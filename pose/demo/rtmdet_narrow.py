"""A narrow RTMDet for drawn people, as MMDet reads it: for training by `pose.demo.train`, and for inference."""

default_scope = "mmdet"

# A picture of 16:9 is 320 x 180 and fills it but for 12 lines.
input_size = (320, 192)
norm = dict(type="BN")
activation = dict(type="SiLU", inplace=True)

model = dict(
    type="RTMDet",
    data_preprocessor=dict(
        type="DetDataPreprocessor",
        mean=[103.53, 116.28, 123.675],
        std=[57.375, 57.12, 58.395],
        bgr_to_rgb=False,
        batch_augments=None,
    ),
    backbone=dict(
        type="CSPNeXt",
        arch="P5",
        expand_ratio=0.5,
        deepen_factor=0.167,
        widen_factor=0.1875,
        channel_attention=True,
        norm_cfg=norm,
        act_cfg=activation,
    ),
    neck=dict(
        type="CSPNeXtPAFPN",
        in_channels=[48, 96, 192],
        out_channels=48,
        num_csp_blocks=1,
        expand_ratio=0.5,
        norm_cfg=norm,
        act_cfg=activation,
    ),
    bbox_head=dict(
        type="RTMDetSepBNHead",
        num_classes=1,
        in_channels=48,
        stacked_convs=2,
        feat_channels=48,
        anchor_generator=dict(type="MlvlPointGenerator", offset=0, strides=[8, 16, 32]),
        bbox_coder=dict(type="DistancePointBBoxCoder"),
        loss_cls=dict(type="QualityFocalLoss", use_sigmoid=True, beta=2.0, loss_weight=1.0),
        loss_bbox=dict(type="GIoULoss", loss_weight=2.0),
        with_objectness=False,
        exp_on_reg=False,
        share_conv=True,
        pred_kernel_size=1,
        norm_cfg=norm,
        act_cfg=activation,
    ),
    train_cfg=dict(
        assigner=dict(type="DynamicSoftLabelAssigner", topk=13), allowed_border=-1, pos_weight=-1, debug=False
    ),
    test_cfg=dict(
        nms_pre=1000, min_bbox_size=0, score_thr=0.05, nms=dict(type="nms", iou_threshold=0.65), max_per_img=100
    ),
)

padding = dict(img=(114, 114, 114))
train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="RandomResize", scale=input_size, ratio_range=(0.75, 1.5), keep_ratio=True),
    dict(type="RandomCrop", crop_size=input_size, allow_negative_crop=True),
    dict(type="YOLOXHSVRandomAug"),
    dict(type="RandomFlip", prob=0.5),
    dict(type="Pad", size=input_size, pad_val=padding),
    dict(type="PackDetInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=input_size, keep_ratio=True),
    dict(type="Pad", size=input_size, pad_val=padding),
    dict(type="LoadAnnotations", with_bbox=True),
    dict(type="PackDetInputs", meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor")),
]

# `pose.demo.train` sets data_root.
metainfo = dict(classes=("person",), palette=[(220, 20, 60)])
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    drop_last=True,
    sampler=dict(type="DefaultSampler", shuffle=True),
    dataset=dict(
        type="CocoDataset",
        data_root="",
        ann_file="annotations.json",
        data_prefix=dict(img="images/"),
        metainfo=metainfo,
        filter_cfg=dict(filter_empty_gt=False),
        pipeline=train_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=0,
    drop_last=False,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        type="CocoDataset",
        data_root="",
        ann_file="annotations.json",
        data_prefix=dict(img="images/"),
        metainfo=metainfo,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_evaluator = dict(type="CocoMetric", ann_file="annotations.json", metric="bbox")
test_cfg: dict[str, object] = {}

train_cfg = dict(by_epoch=True, max_epochs=6)
optim_wrapper = dict(
    type="BFloat16OptimWrapper",
    optimizer=dict(type="AdamW", lr=2e-3, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0, bias_decay_mult=0, bypass_duplicate=True),
)
param_scheduler = [
    dict(type="LinearLR", begin=0, end=200, start_factor=0.01, by_epoch=False),
    dict(type="CosineAnnealingLR", begin=0, end=6, T_max=6, eta_min=2e-5, by_epoch=True, convert_to_iter_based=True),
]
default_hooks = dict(logger=dict(type="LoggerHook", interval=50), checkpoint=None)
custom_hooks = [dict(type="EMAHook", ema_type="ExpMomentumEMA", momentum=0.002, gamma=300, priority=49)]
randomness = dict(seed=0)
