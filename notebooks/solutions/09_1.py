def solve(puzzle):
    def objective(trial):
        x = trial.suggest_float("x", 0.001, 1000, log=True)
        return puzzle(x, trial.suggest_categorical("kind", ["a", "b", "c"]))

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=60)
    return study
