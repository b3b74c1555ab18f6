# Hint 1: Draw one random number for each pixel of each digit. Of many such numbers, spread evenly
# from 0 to 1, what share is below 0.1?
# Hint 2: `tf.random.uniform` with the shape of the images, `tf.shape`, gives numbers from 0 to 1.
# `tf.where` takes a condition and two answers: 1.0 where the number is below `share` (`<`, so that
# a share of 0 changes nothing), the image elsewhere.

def dusty(images, share):
    drawn = tf.random.uniform(tf.shape(images))
    return tf.where(drawn < share, 1.0, images)
