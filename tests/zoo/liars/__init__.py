"""Wrong adapters, by the stage of the clause they break and by what they get wrong."""
