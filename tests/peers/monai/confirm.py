"""What the mean of many patches is, and what crops that leave an image are."""

import torch
from monai.inferers.merger import AvgMerger
from monai.transforms import SpatialCrop

for count in (255, 256, 300):
    mean = AvgMerger(merged_shape=(1, 1, 4, 4))
    for _ in range(count):
        mean.aggregate(torch.ones(1, 1, 4, 4), [0, 0])
    counted = int(mean.get_counts()[0, 0, 0, 0])
    print(f"{count} patches of ones at one place: counted as {counted}, mean {float(mean.finalize()[0, 0, 0, 0]):g}")
    assert counted == count % 256
image = torch.arange(20.0 * 30).reshape(1, 20, 30)
for centre in ((10, 31), (19, 10), (40, 10)):
    crop = SpatialCrop(roi_center=centre, roi_size=(8, 8))(image)
    print(f"the 8 x 8 crop of a 20 x 30 image about {centre} is {crop.shape[1]} x {crop.shape[2]}")
    assert crop.shape[1:] != (8, 8)
