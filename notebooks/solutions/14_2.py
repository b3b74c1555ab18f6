# Hint 1: `attacked` moves away from the right digit: it takes the loss of that digit and goes
# uphill. You want to come nearer to a digit. Of which digit do you take the loss, and do you go
# uphill or downhill?
# Hint 2: Turn `x` into a `tf.constant` and watch it in a `tf.GradientTape`. The loss is minus the
# logarithm of the probability of `wanted` (add something tiny first, as the logarithm of 0 is
# infinite). Subtract `epsilon` times the `tf.sign` of its gradient with respect to `x`, and cut the
# result off at 0 and 1 with `tf.clip_by_value`.

def towards(network, x, wanted, epsilon):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        probability = network(x, training=False)[:, wanted]
        loss = -tf.math.log(probability + 1e-7)
    moved = x - epsilon * tf.sign(tape.gradient(loss, x))
    return tf.clip_by_value(moved, 0, 1)
