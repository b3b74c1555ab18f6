"""Settings of `make lab`; elsewhere: jupyter lab --config=tools/lab.py"""

import warnings
from pathlib import Path

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

# JupyterLab loads Voila, which turns warnings on that `python -W ignore` turned off; not so here.
with warnings.catch_warnings(record=True):
    import voila  # noqa: F401

c = get_config()  # noqa: F821 (Jupyter defines it)

# No question about news and no look for updates: a workshop may have no internet connection.
c.LabApp.app_settings_dir = str(Path(__file__).resolve().parent / "lab_settings")


class QuietKernels(AsyncMappingKernelManager):
    """A kernel warns at its start that its messages are not encrypted; they stay on the machine."""

    async def start_kernel(self, **options) -> str:
        return await super().start_kernel(extra_arguments=["--log-level=ERROR"], **options)


c.ServerApp.kernel_manager_class = QuietKernels
# The address is shown all the same.
c.ServerApp.log_level = c.LabApp.log_level = "ERROR"

METADATA = {  # as tools/refresh.py stores them, the same for every Python
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def keep_metadata(model: dict, **_) -> None:
    """Save notebooks without the version of Python, so that git sees real changes only."""
    if model["type"] == "notebook" and model.get("content"):
        model["content"]["metadata"].update(METADATA)


c.ContentsManager.pre_save_hook = keep_metadata
