def read_stretched(picture):
    mark = utils.find_marks(utils.ink_of(utils.open_picture(picture)))[0][0]
    stretched = cv2.resize(mark.ink, (28, 28), interpolation=cv2.INTER_AREA)
    image = np.round(255 * stretched).astype(np.uint8)
    return int(cnn.predict(utils.to_input(image[None]), verbose=0).argmax())
