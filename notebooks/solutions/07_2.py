def dusty(images, share):
    drawn = tf.random.uniform(tf.shape(images))
    return tf.where(drawn < share, 1.0, images)
