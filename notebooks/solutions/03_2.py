def predict_labels(model, images):
    return model.predict(utils.to_input(images), verbose=0).argmax(axis=1)
