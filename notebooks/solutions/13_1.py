def read_covered(image, row, column):
    covered_image = image.copy()
    covered_image[row - 4 : row + 5, column - 4 : column + 5] = 0
    return int(cnn.predict_on_batch(utils.to_input(covered_image[None])).argmax())
