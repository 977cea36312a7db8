"""How well estimators find people in annotated pictures: COCO's average precision, joints, sides, speed, a picture."""
