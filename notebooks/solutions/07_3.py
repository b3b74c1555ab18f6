# Hint 1: Two steps: first a function for one angle, which turns all digits and returns the
# accuracy; then go up degree by degree. Notebook 05 turned digits for its curve of rotations.
# Hint 2: `cv2.getRotationMatrix2D((13.5, 13.5), degrees, 1)` and `cv2.warpAffine` to (28, 28) turn
# one digit counter-clockwise; `np.stack` them all, then `utils.to_input`, `cnn.predict`, `argmax`,
# and the share of right answers. Start at 0 and add a degree `while` the accuracy at one degree
# more is at least 0.95.

def largest_angle(images, labels):
    def share_read(degrees):
        turn = np.deg2rad(degrees)
        a, b = np.cos(turn), -np.sin(turn)
        numbers = [a, b, 13.5 * (1 - a - b), -b, a, 13.5 * (1 + b - a), 0, 0]
        rows = np.tile(np.float32(numbers), (len(images), 1))
        turned = ops.image.affine_transform(utils.to_input(images), rows, fill_mode="constant")
        return np.mean(cnn.predict(turned, verbose=0).argmax(axis=1) == labels)

    degrees = 0
    while share_read(degrees + 1) >= 0.95:
        degrees += 1
    return degrees
