"""From a picture to its digits, with numpy, OpenCV, Pillow and LiteRT; nothing else is needed.

    import reading

    for d in reading.read_digits("photo.jpg"):  # a path, bytes, a PIL image or a numpy array
        print(d.digit, d.probability, d.box)

A picture goes through these files, in this order:

1. `decode.py`: any file or array becomes upright RGB pixels.
2. `paper.py`: pixels become *ink*: how much darker a place is than the paper around it.
3. `marks.py`: ink that hangs together becomes *marks* (connected components), in rows.
4. `divide.py`: marks become digits: some are joined, some are *cut* in pieces.
5. `prepare.py`: a digit's ink becomes 28 x 28 pixels, as in MNIST.
6. `network.py`: the *reader*, the network that ships, says what each may be.
7. `read.py`: calls all of these, and asks the reader.

Beside them: `errors.py`, `files.py` (write whole or not at all), `__main__.py` (the command line).
"""

from reading.decode import open_picture
from reading.errors import CourseError, ImageError, ModelError
from reading.read import Digit, read_digits

__all__ = ["CourseError", "Digit", "ImageError", "ModelError", "open_picture", "read_digits"]
