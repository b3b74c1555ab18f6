"""Errors that a learner reads as one sentence."""


class CourseError(Exception):
    """An error whose message says what is wrong and what to do."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in a notebook (IPython calls this instead of a traceback)."""
        return [f"{type(self).__name__}: {self}"]


class ModelError(CourseError):
    """A model file is missing or damaged."""


class ImageError(CourseError, ValueError):
    """The input is no readable picture."""
