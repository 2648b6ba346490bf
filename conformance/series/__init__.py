"""Many seeds on correct backends, and the ledger of what came of them."""
