"""How simulated people move."""
