"""Settings of `make lab`; elsewhere: jupyter lab --config=tools/lab.py"""

c = get_config()  # noqa: F821 (Jupyter defines it)

# No question about news and no look for updates: a workshop may have no internet connection.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.handlers.announcements.NeverCheckForUpdate"

METADATA = {  # as tools/refresh.py stores them, the same for every Python
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def keep_metadata(model: dict, **_) -> None:
    """Save notebooks without the version of Python, so that git sees real changes only."""
    if model["type"] == "notebook" and model.get("content"):
        model["content"]["metadata"].update(METADATA)


c.ContentsManager.pre_save_hook = keep_metadata
