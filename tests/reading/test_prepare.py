"""What every network takes: 28 x 28 pixels, as in MNIST."""

import cv2
import numpy as np
import pytest
from pictures import read, training_digits

from reading import network, prepare


def test_a_thin_stroke_is_centred():
    """At most two of the 28 columns: the narrowest digit there is."""
    for width in (1, 10, 20):
        image = prepare.to_mnist(np.ones((200, width), np.float32)).astype(float)
        rows, columns = np.indices(image.shape)
        assert abs(np.average(rows, weights=image) - 14) <= 1
        assert abs(np.average(columns, weights=image) - 14) <= 1


@pytest.mark.parametrize("side", [28, 100, 600])
def test_mnist_digits_survive_a_file(side):
    """Pictures of training digits, dark on light, agree with the digits themselves."""
    images = training_digits()[0][:100]
    direct = network.reader().predict_on_batch(prepare.to_input(images)).argmax(axis=1)
    found = [
        read(255 - cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC))
        for image in images
    ]
    assert np.mean([f == str(d) for f, d in zip(found, direct, strict=True)]) >= 0.95
