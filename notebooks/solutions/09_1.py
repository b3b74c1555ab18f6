# Hint 1: You need an objective, as in the part "The search", only much shorter: it asks the trial
# for two values and returns what the puzzle says. Mind the range of `x`: many powers of ten.
# Hint 2: Inside `solve`, write a function `objective` that takes a trial. Get "x" from
# `trial.suggest_float` with `log=True` and "kind" from `trial.suggest_categorical`, under these
# names, and return the puzzle's value for them. Then call `optuna.create_study` (it minimizes
# unless you tell it otherwise) and the study's `optimize` with that function and `n_trials` of at
# most 100. Return the study itself, not its best value.

def solve(puzzle):
    def objective(trial):
        x = trial.suggest_float("x", 0.001, 1000, log=True)
        return puzzle(x, trial.suggest_categorical("kind", ["a", "b", "c"]))

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=60)
    return study
