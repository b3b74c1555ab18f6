def read_plainly(picture):
    grey = utils.to_grey(utils.open_picture(picture))
    left, top, width, height = utils.read_digits(picture)[0].box
    box = grey[top : top + height, left : left + width]
    image = 255 - cv2.resize(box, (28, 28), interpolation=cv2.INTER_AREA)
    return int(cnn.predict(utils.to_input(image[None]), verbose=0).argmax())
