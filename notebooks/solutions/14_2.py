def towards(network, x, wanted, epsilon):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        probability = network(x, training=False)[:, wanted]
        loss = -tf.math.log(probability + 1e-7)
    moved = x - epsilon * tf.sign(tape.gradient(loss, x))
    return tf.clip_by_value(moved, 0, 1)
