# Hint 1: For the maps of the first block, the notebook makes a network that ends earlier. Let yours
# end at the layer whose number is given. Then mind the order of the axes.
# Hint 2: `keras.Model` goes from `model.inputs` to the `output` of one of `model.layers`. Use its
# `predict` (with `verbose=0`) on the digit and take the only picture of the batch, `[0]`. Its axes
# are height, width, channels; `transpose` with three numbers brings the last one to the front and
# keeps the order of the other two, which `.T` would swap.

# In the maps of layers 0 to 2 you see the digit, in those of 3 to 5 single strokes of it, in those
# of 6 to 8 only where something was found.
def feature_maps_after(model, layer_number, digit):
    part = keras.Model(model.inputs, model.layers[layer_number].output)
    return part.predict(digit, verbose=0)[0].transpose(2, 0, 1)
