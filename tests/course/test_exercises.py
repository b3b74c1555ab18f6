"""Every exercise: its check says "not done yet" on the stub, and "done" on the solution.

On a wrong answer it says "not right yet", on a right one of another kind "done".
"""

import re

import nbformat
import numpy as np
import pytest
from conftest import ROOT
from nbclient import NotebookClient
from test_notebooks import NAMES, NOTEBOOKS, course_of, is_heading

SOLUTIONS = ROOT / "notebooks" / "solutions"
# Answers that a learner might give and that are not right, for checks that were once content.
WRONG = {
    "01_2": "never_inked = 68",
    "02_3": "def shrink_only(scan):\n    return utils.to_mnist(scan / np.float32(255))",
    "03_1": "number_of_parameters = 784 * 128 + 128 * 64 + 64 * 10",
    "03_2": """def predict_labels(model, images):  # not scaled
    return model.predict(images[..., None].astype("float32"), verbose=0).argmax(axis=1)""",
    "03_3": """def small_network():  # a quarter of the units
    stack = keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(8, "relu"), layers.Dense(10)
    small = keras.Sequential([*stack, layers.Softmax()])
    small.compile("adam", "sparse_categorical_crossentropy")
    return small""",
    "04_2": tuple(  # one fault is left, and then all three
        f"""def trained(images, labels):
    x = utils.to_input(images)
    {shuffle}
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 5, strides=2, activation="relu", kernel_initializer="{kernels}"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(keras.optimizers.Adam({rate}), "sparse_categorical_crossentropy")
    network.fit(x, labels, epochs=3, batch_size=32, verbose=0)
    return network"""
        for shuffle, kernels, rate in (
            ("np.random.default_rng(SEED).shuffle(x)", "glorot_uniform", 0.001),
            ("", "zeros", 0.001),
            ("", "glorot_uniform", 1.0),
            ("np.random.default_rng(SEED).shuffle(x)", "zeros", 1.0),
        )
    ),
    "04_4": """def feature_maps_after(model, layer_number, digit):  # width before height
    part = keras.Model(model.inputs, model.layers[layer_number].output)
    return part.predict(digit, verbose=0)[0].T""",
    "05_2": "top_2_accuracy = 0.999",
    "07_1": "def mirror_proof(images, labels):\n    return {0, 1}",
    "07_2": """def dusty(images, share):  # the digit is lost
    return tf.cast(tf.random.uniform(tf.shape(images)) < share, "float32")""",
    "07_3": "def largest_angle(images, labels):\n    return 12",
    "08_1": "pair = (14**2 * 3**2 * 32 * 64, 14**2 * (3**2 * 64 + 32 * 64))",
    "08_3": """def tiny_network():  # without normalization, and means over all places
    convolutions = (
        layers.Conv2D(filters, 3, 2, activation="relu") for filters in (8, 16)
    )
    stack = keras.Input((28, 28, 1)), *convolutions, layers.GlobalAveragePooling2D()
    network = keras.Sequential([*stack, layers.Dense(10, activation="softmax")])
    network.compile("adam", "sparse_categorical_crossentropy")
    return network""",
    "10_1": """def slashed(zero):  # a level line
    return cv2.line(zero.copy(), (4, 14), (23, 14), 255, 2)""",
    "10_2": """def shares_read(zeros):  # of all digits, whatever they are
    return 1.0, 1.0""",
    "10_3": """def read_strictly(picture, least):  # all or nothing
    digits = utils.read_digits(picture)
    sure = all(d.probability >= least for d in digits)
    return "".join(str(d.digit) for d in digits) if sure else \"\"""",
    "11_1": "saved = 8 * 8 * 64 * 10",
    "11_2": """def look_five_times(network, x):  # comes back at the other side
    moves = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]
    looks = [np.roll(x, move, axis=(1, 2)) for move in moves]
    return np.mean([network(look, training=False) for look in looks], axis=0)""",
    "12_1": """def intersection_over_union(a, b):  # boxes far apart: two negative sides
    shared = np.prod(np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2]))
    return shared / (np.prod(a[2:]) + np.prod(b[2:]) - shared)""",
    "12_2": """def boxes_to_keep(boxes, scores, limit=0.35):  # the likeliest alone
    return [int(np.argmax(scores))] if len(scores) else []""",
    "12_3": """def threshold_for(table, least):  # the highest, not the lowest
    reached = table[table["precision"] >= least]
    return reached["threshold"].max() if len(reached) else None""",
    "13_1": """def read_covered(image, row, column):  # the digit itself is spoilt
    image[row - 4 : row + 5, column - 4 : column + 5] = 0
    return int(cnn.predict_on_batch(utils.to_input(image[None])).argmax())""",
    "13_2": """def row_it_goes_by(network, images, labels):  # where most ink lies
    return int(images.mean(axis=(0, 2)).argmax())""",
    "13_3": "guess = 95",
    "14_1": """def repair(images):  # the stem of an upright 1 counts as a stripe
    images = images.copy()
    for image in images:
        columns = np.median(image, axis=0) > 127
        image[:, columns] = 255 - image[:, columns]
    return images""",
    "14_2": """def towards(network, x, wanted, epsilon):  # away from it
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        probability = network(x, training=False)[:, wanted]
    return tf.clip_by_value(x - epsilon * tf.sign(tape.gradient(probability, x)), 0, 1)""",
    "14_3": """def share_that_slips_through(digits, others):  # lets 5 % pass, not 95 %
    return np.mean(np.asarray(others) > np.quantile(digits, 0.95))""",
    "15_1": """def find_wrong_labels(probabilities, labels, count):  # the surest come first
    return np.argsort(probabilities[np.arange(len(labels)), labels])[::-1][:count]""",
    "15_2": """def fair_split(writers):  # everybody is in both
    numbers = np.random.default_rng(0).permutation(len(writers))
    return numbers[len(writers) // 5 :], numbers[: len(writers) // 5]""",
    "15_3": "honest_accuracies = 99.70, 99.63",
    "16_1": """def teach_and_judge(labels, each):  # some kinds have nothing left that could judge
    kinds = [np.flatnonzero(labels == digit)[:each] for digit in range(10)]
    teaching = np.concatenate(kinds)
    return teaching, np.setdiff1d(np.arange(len(labels)), teaching)""",
    "16_2": """def interval(gains):  # of one gain, not of the mean
    mean, spread = np.mean(gains), np.std(gains)
    return mean - 1.96 * spread, mean + 1.96 * spread""",
    "16_3": "guess = 0.1",
}
# Right answers in another way than the solution's.
RIGHT = {
    "03_2": """def predict_labels(model, images):
    return [int(np.argmax(p)) for p in model(images[..., None] / np.float32(255))]""",
    "04_2": """def trained(images, labels):  # shuffled, but both alike
    order = np.random.default_rng(SEED).permutation(len(images))
    stack = keras.Input((28, 28, 1)), layers.Conv2D(8, 5, 2, activation="relu"), layers.Flatten()
    network = keras.Sequential([*stack, layers.Dense(10, activation="softmax")])
    network.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    network.fit(utils.to_input(images[order]), labels[order], epochs=3, batch_size=32, verbose=0)
    return network""",
    "07_1": """def mirror_proof(images, labels):  # of labels as MNIST has them, uint8
    answers = cnn(utils.to_input(np.flip(images, axis=2))).numpy().argmax(axis=1)
    return {d for d in np.unique(labels) if (answers == d)[labels == d].mean() > 0.5}""",
    "07_3": """def largest_angle(images, labels):
    def share(degrees):
        matrix = cv2.getRotationMatrix2D((14, 14), degrees, 1)
        turned = np.stack([cv2.warpAffine(image, matrix, (28, 28)) for image in images])
        return np.mean(cnn.predict(utils.to_input(turned), verbose=0).argmax(axis=1) == labels)
    return max(degrees for degrees in range(0, 45, 1) if share(degrees) >= 0.95)""",
    "11_1": "saved = keras.ops.convert_to_tensor(30_720)",
    "11_2": """def look_five_times(network, x):
    padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    looks = [padded[:, r : r + 28, c : c + 28] for r in range(3) for c in range(3) if 1 in (r, c)]
    return sum(network(look) for look in looks) / 5""",
    "14_1": """def repair(images):
    turned = np.where(images[:, -1:] > 100, 255 - images, images)
    return turned.astype("uint8")""",
    "14_2": """def towards(network, x, wanted, epsilon):
    pixels = tf.Variable(x)
    with tf.GradientTape() as tape:
        answers = network(pixels, training=False)
        labels = np.full(len(x), wanted)
        loss = tf.reduce_sum(keras.losses.sparse_categorical_crossentropy(labels, answers))
    step = epsilon * np.sign(tape.gradient(loss, pixels))
    return np.clip(x - step, 0, 1)""",
    "14_3": """def share_that_slips_through(digits, others):
    least = np.sort(digits)[len(digits) // 20]
    return sum(other >= least for other in others) / len(others)""",
    "15_1": """def find_wrong_labels(probabilities, labels, count):
    order = sorted(range(len(labels)), key=lambda n: probabilities[n, labels[n]])
    return order[:count]""",
    "15_2": """def fair_split(writers):
    tested = (writers == 1) | (writers == 2)
    return list(np.flatnonzero(~tested)), list(np.flatnonzero(tested))""",
    "15_3": "honest_accuracies = [99.85, 99.78]",
    "16_1": """def teach_and_judge(labels, each):
    order = np.random.default_rng(3).permutation(len(labels))
    left, teach, judge = np.bincount(labels, minlength=10), [], []
    for n in order:
        taught = sum(labels[t] == labels[n] for t in teach)
        (teach if taught < min(each, left[labels[n]] - 1) else judge).append(int(n))
    return teach, judge""",
    "16_2": """def interval(gains):
    rng = np.random.default_rng(8)
    means = sorted(np.mean(rng.choice(gains, len(gains))) for _ in range(3000))
    return [means[75], means[2925]]""",
    "16_3": "guess = 0.9",
}


def exercise_cells(path) -> tuple[list[str], dict[str, tuple[str, str]]]:
    """The set-up cells, and number -> (stub, check) of each exercise of a notebook."""
    cells = course_of(path).cells
    start = next(i for i, cell in enumerate(cells) if is_heading(cell, "## Exercises"))
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    sources = [cell.source for cell in cells[start:] if cell.cell_type == "code"]
    exercises = {}
    for stub, check in zip(sources[1::2], sources[2::2], strict=True):
        notebook, number = re.search(
            r'\nutils\.solution\("(\d+)\.(\d)", show=False\)$', stub
        ).groups()
        exercises[f"{notebook:0>2}_{number}"] = (stub, check)
    return [first, sources[0]], exercises


def printed(cell) -> str:
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_stub_is_not_done_and_solution_is(path):
    setup, exercises = exercise_cells(path)
    sources, expected = list(setup), []
    for name, (stub, check) in exercises.items():
        number = f"Exercise {int(name[:2])}.{name[3:]}"
        answers = [(stub, f"{number}: not done yet.\n")]
        if name in WRONG:
            wrong = WRONG[name] if isinstance(WRONG[name], tuple) else (WRONG[name],)
            answers += [(answer, f"{number}: not right yet.\n") for answer in wrong]
        if name in RIGHT:
            answers.append((RIGHT[name], f"{number}: done.\n"))
        # The solution comes last: later exercises use it. Its line runs as it stands in the stub.
        answers.append((stub.replace("show=False", "show=True"), f"{number}: done.\n"))
        for answer, verdict in answers:
            sources += [answer, check]
            expected.append(verdict)
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    # A cell that raises, the untouched stub's or its check's among them, fails the test here.
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    for check, verdict in zip(notebook.cells[len(setup) + 1 :: 2], expected, strict=True):
        said = printed(check)
        assert said == verdict if "not done" in verdict else said.endswith(verdict), said
        assert "Error" not in said  # no demand that cannot even be asked


def test_there_are_enough_and_each_has_its_solution():
    names = [name for path in NOTEBOOKS for name in exercise_cells(path)[1]]
    assert len(names) == len(set(names)) >= 15
    assert set(WRONG) | set(RIGHT) <= set(names)
    assert set(names) == {path.stem for path in SOLUTIONS.glob("*.py")}


def test_check_speaks(capsys):
    """What a learner reads for an answer that raises, is half right, or has the wrong form."""
    import utils

    tests = {"it is 4": lambda a: a == 4, "it is even": lambda a: a % 2 == 0}
    utils.check("9.1", lambda: 1 / 0, tests)
    utils.check("9.1", lambda: 6, tests)
    utils.check("9.1", lambda: "four", tests)
    utils.check("9.1", lambda: 4, tests)
    raised, half, wrong, right = re.split(r"(?<=Exercise 9.1: )", capsys.readouterr().out)[1:]
    assert raised.startswith("your code raised ZeroDivisionError: division by zero\n")
    assert "[ -- ] it is 4\n[ OK ] it is even" in raised and half.startswith("not right yet.")
    assert "[ -- ] it is even (TypeError" in half and wrong.startswith("not right yet.")
    assert right == "done.\n"
    assert "Your answer is of type int: 6" in raised and "of type str: 'four'" in half


def test_check_says_what_it_found(capsys):
    import utils

    utils.check("9.1", lambda: np.zeros((3, 4)), {"it is full": lambda a: (a.mean(), 0.5)})
    assert capsys.readouterr().out == (
        "[ -- ] it is full: 0, wanted 0.5 or more\n"
        "Your answer is of type ndarray: shape (3, 4), float64\n"
        "Exercise 9.1: not right yet.\n"
    )


def test_check_in_a_notebook_knows_the_learners_lines():
    """What was not begun, what gives nothing, and in which line of their own the code raised."""
    first = course_of(NOTEBOOKS[0]).cells
    sources = [next(cell.source for cell in first if cell.cell_type == "code")]
    check = "utils.check('9.1', lambda: twice(3), {'it is 6': lambda a: a == 6})"
    for body in ("return None  # your code here", "x + x", "return np.ones(x)[\n        3\n    ]"):
        sources += [f"def twice(x):\n    {body}", check]
    sources += ["def twice():\n    return 6", check]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": NOTEBOOKS[0].parent}}
    ).execute()
    untouched, nothing, raised, wrong_form = map(printed, notebook.cells[2::2])
    assert untouched == "Exercise 9.1: not done yet.\n"
    assert nothing.startswith("Exercise 9.1: your code gives None.")
    assert (
        "raised IndexError" in raised
        and "in twice, line 2 of its cell: return np.ones(x)[" in raised
    )
    assert "raised TypeError: twice() takes 0" in wrong_form and "line" not in wrong_form
