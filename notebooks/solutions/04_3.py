# Hint 1: Without a dense layer that turns maps into ten numbers, the last convolution has to give
# ten maps, one for each class; the mean of each map is the answer for its class. Net (c) shows what
# the layers before it can look like.
# Hint 2: Begin as net (c) does: `Conv2D` without bias, `BatchNormalization` with the momentum that
# the task names, `ReLU`, and this again with another `Conv2D`; the first one with a stride of 2,
# and 16 to 32 channels. Then a `Conv2D` with ten filters of size 1 and no activation,
# `GlobalAveragePooling2D` and `Softmax`. Compile with Adam at 0.003, and look at `count_params()`.
# After a restart `block` is not defined, so write its layers out.

def all_convolutional():
    net = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 5, strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(24, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(10, 1),
            layers.GlobalAveragePooling2D(),
            layers.Softmax(),
        ]
    )
    net.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    return net
