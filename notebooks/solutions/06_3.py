def usual_way(picture):
    grey = cv2.cvtColor(utils.open_picture(picture), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(255 - grey, (28, 28), interpolation=cv2.INTER_AREA)
    return int(cnn.predict(utils.to_input(small[None]), verbose=0).argmax())
