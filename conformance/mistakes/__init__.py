"""The mistakes that are tried when arrays differ: what each would have given in place of what was expected."""
