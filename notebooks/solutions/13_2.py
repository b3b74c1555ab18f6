def row_it_goes_by(network, images, labels):
    pixels = tf.constant(utils.to_input(images))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        probabilities = network(pixels, training=False)
        right = tf.reduce_sum(probabilities * tf.one_hot(labels, 10))
    gradients = tape.gradient(right, pixels)
    return int(np.abs(gradients).mean(axis=(0, 2, 3)).argmax())
