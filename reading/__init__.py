"""From a picture to its digits, without TensorFlow.

    import reading

    for d in reading.read_digits("photo.jpg"):  # a path, bytes, a PIL image or a numpy array
        print(d.digit, d.probability, d.box)

It needs four packages (numpy, opencv-python-headless, pillow, ai-edge-litert), this folder on the
Python path, and the file models/shipped/reader.tflite beside it.

`read.py` takes a picture through these files, in this order:

1. `decode.py`: any file or array becomes upright RGB pixels.
2. `paper.py`: pixels become *ink*: how much darker a place is than the paper around it.
3. `marks.py`: connected ink becomes *marks* (connected components), in rows.
4. `divide.py`: marks become digits; some are joined, some are *cut* into pieces. It asks about each
   mark, and about each piece:
5. `prepare.py`: the ink becomes 28 x 28 pixels, as in MNIST, and
6. `network.py`: the *reader*, the network for pictures, says which digit it may be, or none.

Beside them: `errors.py`, `files.py` (write whole or not at all), `__main__.py` (the command line).

Digits on ruled paper or in cells are lost: look in `marks.py`. In shadow, on a table, or light on
dark: `paper.py`. Two are read as one, or one as two: `divide.py`. One is read as another: the
reader (notebook 10 trains it).
"""

from reading.decode import open_picture
from reading.errors import CourseError, ImageError, ModelError
from reading.read import Digit, read_digits

__all__ = ["CourseError", "Digit", "ImageError", "ModelError", "open_picture", "read_digits"]
