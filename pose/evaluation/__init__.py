"""Accuracy of estimators on annotated pictures: COCO's AP, PCK by joint, swapped sides, speed, figures."""
