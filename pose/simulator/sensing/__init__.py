"""How simulated people are seen."""
