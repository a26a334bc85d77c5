"""What rules and records say, as text: formulas, NumPy source, LaTeX, JavaScript."""
