def mirror_proof(images, labels):
    answers = cnn.predict(utils.to_input(images[:, :, ::-1]), verbose=0).argmax(axis=1)
    return {digit for digit in range(10) if np.mean(answers[labels == digit] == digit) > 0.5}
