"""Execute all notebooks on the full data, in order; write them as HTML to build/."""

import sys

from nbconvert import HTMLExporter

from tools.execute import NOTEBOOKS, ROOT, NotebookError, execute, table


def main() -> int:
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    executions = []
    for path in NOTEBOOKS:
        try:
            executions.append(execute(path))
        except NotebookError as error:
            print(f"[FAIL] {error}", file=sys.stderr)
            return 1
        page, _ = HTMLExporter().from_notebook_node(executions[-1].notebook)
        (build / f"{path.stem}.html").write_text(page, encoding="utf-8")
    print(table(executions))
    print("The executed notebooks are in build/, the trained models in models/.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
