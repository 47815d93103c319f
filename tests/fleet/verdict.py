"""What a case found: figures, some with a bar that must hold."""


class Verdict:
    def __init__(self, title):
        self._title = title
        self._lines = []
        self.holds = True

    def tell(self, name, value):
        self._lines.append(f"       {name:52} {value}")

    def hold(self, name, value, bar, holds):
        self._lines.append(f"{'holds ' if holds else 'FAILS '} {name:52} {value}  (bar: {bar})")
        self.holds = self.holds and holds

    def hold_all_right(self, name, counts):
        """Every call of a load had its one outcome, and it was its right scores."""
        figures = (f"{counts['calls']:,} calls, {counts['right']:,} right, {counts['wrong']} wrong, failed {counts['failed'] or 0}, "
                   f"{counts['several']} with several outcomes, {counts['without_outcome']} without")
        good = counts["calls"] > 0 and counts["right"] == counts["calls"] and counts["several"] == 0
        self.hold(name, figures, "all right", good)

    def render(self):
        return "\n".join([f"== {self._title}", *self._lines, f"== {'every bar holds' if self.holds else 'NOT every bar holds'}"])
