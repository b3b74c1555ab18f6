# Hint 1: Step 3 of the section "Find, then read" cuts a box out of the grey picture, and the usual
# way shrinks and inverts. Here you do both, with the box of the first digit in the reading.
# Hint 2: `utils.open_picture`, then `utils.to_grey`. `utils.read_digits(picture)[0].box` is left,
# top, width, height; in the array rows come first, so slice from `top` to `top + height`, then the
# columns. `cv2.resize` to (28, 28) with `cv2.INTER_AREA`, 255 minus that, `[None]` for a batch of
# one, `utils.to_input`, `cnn.predict`, `argmax`, and an `int` around it.

def read_without_cleaning(picture):
    grey = utils.to_grey(utils.open_picture(picture))
    left, top, width, height = utils.read_digits(picture)[0].box
    box = grey[top : top + height, left : left + width]
    image = 255 - cv2.resize(box, (28, 28), interpolation=cv2.INTER_AREA)
    return int(cnn.predict(utils.to_input(image[None]), verbose=0).argmax())
