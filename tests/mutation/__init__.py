"""Mutation testing of the backends: would the contract's checks see a small change of any line?"""
