"""From a picture to its digits, without TensorFlow.

    import reading

    for d in reading.read_digits("photo.jpg"):  # a path, bytes, a PIL image or a numpy array
        print(d.digit, d.probability, d.box)

It needs four packages (numpy, opencv-python-headless, pillow, ai-edge-litert), this folder on the
Python path, and finder.tflite, reader.tflite and judge.tflite in models/shipped beside it.

`read.py` takes a picture through these files, in this order:

1. `decode.py`: any file or array becomes upright pixels.
2. `find.py`: the *finder*, a network, says where digits may be. (`network.py` calls networks.)
3. `crop.py`: each place becomes 28 x 28 pixels of *ink*, whatever the paper and the light; and once
   more, as it is, 64 x 64 pixels with its surroundings.
4. `prepare.py`: the ink becomes what the reader takes, and every network of the notebooks.
5. `read.py` itself: the *reader* is asked about the ink, the *judge* about the place amid what lies
   around it: which digit is it, or none? Of digits that overlap the likeliest stays; then they are
   put in reading order.

Beside them: `errors.py`, `files.py` (write whole or not at all), `__main__.py` (the command line).

Nothing is thrown away by a rule before a network has seen it. Digits are not found, or found where
there are none: the finder, and the judge (tools/ship/ trains both, on the pages of tools/pages/;
notebook 12 shows how). One is read as another: the reader (notebook 10 trains it), and the judge.
"""

from reading.decode import open_picture
from reading.errors import CourseError, ImageError, ModelError
from reading.read import Digit, read_digits

__all__ = ["CourseError", "Digit", "ImageError", "ModelError", "open_picture", "read_digits"]
