# Hint 1: Where are most parameters? A dense layer on all pixels has too many. Let convolutions with
# a stride make the picture small first: they use few weights at many positions.
# Hint 2: Two convolutions with `strides=2` and about ten filters each, the first of 5 × 5, the
# second of 3 × 3, each followed by batch normalization and ReLU; then `Flatten` and ten outputs
# with softmax. There are few steps, so give `BatchNormalization` a `momentum` of 0.9 and Adam a
# rate of about 0.002. Look at `count_params()`, and do not forget to compile with
# "sparse_categorical_crossentropy".

def tiny_network():
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(12, 3, strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    return network
