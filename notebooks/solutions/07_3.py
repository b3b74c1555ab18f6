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
