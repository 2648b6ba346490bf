"""How checks are declared, run and decided; it knows no pytest."""
